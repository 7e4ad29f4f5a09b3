import type { Vocabulary } from "../../vocabulary/vocabulary.ts";
import { languageModelOf } from "../adapter.ts";
import type { LanguageModel, NextTokens } from "../language-model.ts";
import { distributionOf } from "../next-tokens.ts";
import { type DecoderRowsOptions, decoderRows } from "./decoder-rows.ts";
import type { DecoderSession } from "./decoder-session.ts";

/** What {@link decoderModel} makes a language model of. */
export interface DecoderModelParts extends DecoderRowsOptions {
  readonly name: string;
  readonly vocabulary: Vocabulary;
  readonly session: DecoderSession;
  /** Tokens that the model sees. */
  readonly context: number;
  /** What the model sees of a context; where it is not given, longer contexts are refused. */
  readonly windowOf?: (context: readonly number[]) => readonly number[];
  /** Why the decoder cannot take a context, if it cannot; that it is too long is seen to. */
  readonly refusal?: (context: readonly number[]) => string | undefined;
  /** The row of a context, without asking the decoder. */
  readonly known?: (context: readonly number[]) => NextTokens | undefined;
  /** Logits of all tokens of the vocabulary from those of the decoder. Default: the same. */
  readonly logitsOf?: (logits: Float32Array, context: readonly number[]) => ArrayLike<number>;
}

/** A language model of a decoder: contexts that begin alike are computed together and remembered. */
export const decoderModel = (parts: DecoderModelParts): LanguageModel => {
  const { name, vocabulary, session, context: most, windowOf, known, logitsOf = (logits) => logits } = parts;
  const rows = decoderRows(session, parts);
  return languageModelOf({
    name,
    vocabulary,
    refusal: (context) => {
      if (context.length === 0) return "an empty context has nothing to go on from: give a prompt";
      const why = parts.refusal?.(context);
      if (why !== undefined) return why;
      if (windowOf || context.length <= most || known?.(context)) return;
      return `a context of ${context.length} tokens is longer than the ${most} that the model sees: ask for less`;
    },
    evaluate: async (contexts, signal) => {
      const found = contexts.map((context) => known?.(context));
      const asked = contexts.filter((_, index) => !found[index]);
      const windows = asked.map((context) => windowOf?.(context) ?? context);
      const { logits, tokens } = asked.length > 0 ? await rows.evaluate(windows, signal) : { logits: [], tokens: 0 };
      const fresh = logits.map((row, index) => distributionOf(logitsOf(row, asked[index] as readonly number[]), name));
      let next = 0;
      return {
        rows: found.map((row) => row ?? (fresh[next++] as NextTokens)),
        tokens,
        cut: windows.filter((window, index) => window !== asked[index]).length,
      };
    },
    dispose: rows.dispose,
  });
};
