import { generator, uniform } from "../../bellman/index.ts";
import { languageModelOf } from "../models/adapter.ts";
import type { LanguageModel } from "../models/language-model.ts";
import type { Potential } from "../potentials/potential.ts";
import { vocabularyOf } from "../vocabulary/vocabulary-of.ts";

/** Tokens for tests: texts, or bytes that may be parts of characters; the end is the last token. */
export const smallVocabulary = (spellings: readonly (string | readonly number[])[]) => {
  const encoder = new TextEncoder();
  const bytes = spellings.map((spelling) =>
    typeof spelling === "string" ? encoder.encode(spelling) : Uint8Array.from(spelling),
  );
  return vocabularyOf({
    bytes: [...bytes, null],
    ends: [bytes.length],
    encode: (text) => greedy(bytes, encoder.encode(text)),
  });
};

/** The longest token that fits, again and again. */
const greedy = (tokens: readonly Uint8Array[], text: Uint8Array): number[] => {
  const out: number[] = [];
  for (let at = 0; at < text.length; ) {
    let best = -1;
    for (const [token, bytes] of tokens.entries()) {
      const fits = bytes.length > 0 && bytes.every((byte, place) => text[at + place] === byte);
      if (fits && bytes.length > (tokens[best]?.length ?? 0)) best = token;
    }
    if (best < 0) throw new RangeError(`no token spells byte ${text[at]}`);
    out.push(best);
    at += (tokens[best] as Uint8Array).length;
  }
  return out;
};

/** A model whose rows are random, but the same for the same context. */
export const randomModel = (
  spellings: readonly (string | readonly number[])[],
  options: { readonly seed: number; readonly sharpness?: number; readonly memory?: number; readonly zeros?: boolean },
): LanguageModel => {
  const { seed, sharpness = 2, memory = 100, zeros = false } = options;
  const vocabulary = smallVocabulary(spellings);
  const rowAfter = (context: readonly number[]): Float64Array => {
    const hash = context
      .slice(-memory)
      .reduce((sum, token) => Math.imul(sum, 31) + token + 1, seed * 7919 + context.length * (memory > 9 ? 101 : 0));
    const random = generator(hash >>> 0);
    const logits = Float64Array.from({ length: vocabulary.size }, (_, token) => {
      const value = sharpness * (uniform(random) + uniform(random) - 1) * 2;
      return zeros && token < vocabulary.size - 1 && uniform(random) < 0.2 ? -Infinity : value;
    });
    const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
    return logits.map((logit) => logit - total);
  };
  return languageModelOf({
    name: `random model ${seed}`,
    vocabulary,
    evaluate: (contexts) =>
      Promise.resolve({
        rows: contexts.map((context) => ({ logProbabilities: rowAfter(context), missing: 0 })),
        tokens: contexts.reduce((sum, { length }) => sum + length, 0),
      }),
    dispose: () => Promise.resolve(),
  });
};

/** All sequences of up to so many tokens that are no ends. */
export const tokenSequences = (tokens: number, maximum: number): number[][] => {
  let longest: number[][] = [[]];
  const all = [...longest];
  for (let length = 1; length <= maximum; length++) {
    longest = longest.flatMap((sequence) => Array.from({ length: tokens }, (_, token) => [...sequence, token]));
    all.push(...longest);
  }
  return all;
};

/** `log P(tokens, end | prompt)` of a model, in nats. */
export const modelScore = async (
  model: LanguageModel,
  prompt: readonly number[],
  tokens: readonly number[],
): Promise<number> => {
  const actions = [...tokens, model.vocabulary.ends[0] as number];
  const rows = await model.next(actions.map((_, place) => [...prompt, ...tokens.slice(0, place)]));
  return actions.reduce((sum, action, place) => sum + (rows[place]?.logProbabilities[action] as number), 0);
};

/** The start value and the entries of the rows along a response, which add up to `φ`; −∞ as soon as one is. */
export const sumAlong = async <State>(
  potential: Potential<State>,
  tokens: readonly number[],
  end: number,
): Promise<number> => {
  let { state, value: total } = potential.start();
  for (const action of [...tokens, end]) {
    const [row] = await potential.rows([state]);
    total += row?.[action] as number;
    if (total === -Infinity || action === end) return total;
    state = potential.advance(state, action);
  }
  return total;
};

/** What the proposal of theory §8 does with a response: its probability and its weight, both in logarithms. */
export const proposalAlong = async <State>(
  model: LanguageModel,
  prompt: readonly number[],
  potential: Potential<State>,
  tokens: readonly number[],
): Promise<{ readonly logProposal: number; readonly logWeights: readonly number[] }> => {
  const end = model.vocabulary.ends[0] as number;
  let { state } = potential.start();
  const logWeights: number[] = [];
  let logProposal = 0;
  for (const [place, action] of [...tokens, end].entries()) {
    const [model_] = await model.next([[...prompt, ...tokens.slice(0, place)]]);
    const [row] = await potential.rows([state]);
    const tilted = (row as Float64Array).map((entry, token) => entry + (model_?.logProbabilities[token] as number));
    const logWeight = Math.log(tilted.reduce((sum, entry) => sum + Math.exp(entry), 0));
    logWeights.push(logWeight);
    logProposal += (tilted[action] as number) - logWeight;
    if (action !== end) state = potential.advance(state, action);
  }
  return { logProposal, logWeights };
};

/** `log Σ exp x`. */
export const logSum = (values: readonly number[]): number => {
  const most = Math.max(...values);
  return most === -Infinity ? most : most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0));
};
