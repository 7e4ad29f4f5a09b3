import { type Architecture, type Engine, firstToken, type Tensors, type Tokenizer } from "../../../learn/index.ts";
import { type DecoderModelParts, decoderModel } from "../decoder/decoder-model.ts";
import type { DecoderRowsOptions } from "../decoder/decoder-rows.ts";
import type { LanguageModel } from "../language-model.ts";
import { spaceEnd, trainedSpaceVocabulary, trainedTextVocabulary } from "./arbel-vocabulary.ts";
import { engineSession } from "./engine-session.ts";
import { textWindow } from "./windows.ts";

/** A model that `arbel train` made, without its weights. */
export interface TrainedModel {
  readonly architecture: Architecture;
  /** Texts of the tokens, without EOS. */
  readonly tokens: readonly string[];
  /** Of a model of text. */
  readonly tokenizer?: Tokenizer;
}

/** Knobs of {@link arbelModel}. */
export interface ArbelModelOptions extends DecoderRowsOptions {
  /** What to call it. Default: `"arbel"`. */
  readonly name?: string;
  /** Texts of the tokens that end a response of a model of text, which has no end of its own. Default: the end of a line. */
  readonly ends?: readonly string[];
  /** Which prompt a model of a space that has prompts is given. Default: 0. */
  readonly prompt?: number;
}

/**
 * A language model that `arbel train` made, on our engine, in Node or in a browser.
 *
 * A model of text sees `horizon` tokens: of a longer context the last ones, at least half as many, which `usage().cut` counts. A
 * model of a space refuses contexts that no response begins with.
 *
 * @param model what `readModelFolder` of `arbel/learn/files` reads, or `train` gave
 * @param engine stays the caller's to dispose of
 * @throws RangeError for an EBM, which has no next tokens, a tokenizer of another size, or an end or prompt that is none
 */
export const arbelModel = (
  model: TrainedModel & { readonly parameters: Tensors },
  engine: Engine,
  options: ArbelModelOptions = {},
): LanguageModel =>
  decoderModel({
    ...trainedParts(model, options),
    session: engineSession(engine, model.architecture, model.parameters),
  });

/**
 * What a language model that `arbel train` made is, but for what computes it.
 *
 * @throws RangeError as {@link arbelModel}
 */
export const trainedParts = (
  { architecture, tokens, tokenizer }: TrainedModel,
  { name = "arbel", ends, prompt = 0, cacheBytes }: ArbelModelOptions,
): Omit<DecoderModelParts, "session"> => {
  const { actions, horizon } = architecture;
  checkTrained(architecture, prompt);
  const vocabulary = tokenizer
    ? trainedTextVocabulary(architecture, tokenizer, ends)
    : trainedSpaceVocabulary(architecture, tokens, prompt);
  const begin = firstToken(architecture, prompt);
  return {
    name,
    vocabulary,
    context: horizon,
    refusal: ([first, ...others]) => {
      if (first !== begin) return `a context begins with the token ${begin}, got ${first}`;
      const place = others.findIndex((token) => token >= tokens.length);
      return place < 0 ? undefined : `the token ${others[place]} at place ${place + 1} of a context is no text`;
    },
    logitsOf: (logits, context) => {
      const row = new Float64Array(vocabulary.size).fill(-Infinity);
      // at the last depth of a space only EOS is left
      const isLast = !tokenizer && architecture.eos && context.length === horizon;
      for (let token = isLast ? actions - 1 : 0; token < actions; token++) row[token] = logits[token] as number;
      return row;
    },
    known: (context) => {
      if (tokenizer || architecture.eos || context.length !== horizon + 1) return;
      const row = new Float64Array(vocabulary.size).fill(-Infinity);
      row[spaceEnd(architecture)] = 0;
      return { logProbabilities: row, missing: 0 };
    },
    ...(tokenizer ? { windowOf: textWindow(horizon) } : {}),
    ...(cacheBytes === undefined ? {} : { cacheBytes }),
  };
};

const checkTrained = ({ kind, prompts }: Architecture, prompt: number): void => {
  if (kind !== "arm") throw new RangeError("an EBM scores whole responses and has no next tokens: give an ARM");
  if (!Number.isInteger(prompt) || prompt < 0 || prompt >= Math.max(1, prompts)) {
    throw new RangeError(`"prompt" must be a whole number ≥ 0 and < ${Math.max(1, prompts)}, got ${prompt}`);
  }
};
