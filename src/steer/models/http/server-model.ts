import type { Vocabulary } from "../../vocabulary/vocabulary.ts";
import { languageModelOf } from "../adapter.ts";
import type { LanguageModel, NextTokens } from "../language-model.ts";

/** A language model of a server that is asked for one context at a time; contexts asked for together are sent side by side. */
export const serverModel = (
  name: string,
  vocabulary: Vocabulary,
  ask: (context: readonly number[], signal: AbortSignal) => Promise<NextTokens>,
): LanguageModel => {
  const disposed = new AbortController();
  return languageModelOf({
    name,
    vocabulary,
    concurrent: true,
    refusal: (context) =>
      context.length === 0 ? "an empty context has nothing to go on from: give a prompt" : undefined,
    evaluate: async (contexts, signal) => {
      // where one request fails, the others are not waited for
      const failed = new AbortController();
      const signals = [failed.signal, disposed.signal, ...(signal ? [signal] : [])];
      const together = AbortSignal.any(signals);
      // a signal for each, since Node warns of one that many listen to
      const asked = contexts.map((context) => ask(context, AbortSignal.any([together])));
      try {
        return { rows: await Promise.all(asked), tokens: contexts.reduce((sum, { length }) => sum + length, 0) };
      } catch (error) {
        failed.abort(error);
        await Promise.allSettled(asked);
        throw error;
      }
    },
    dispose: () => Promise.resolve(disposed.abort(new Error(`${name}: the model was disposed`))),
  });
};
