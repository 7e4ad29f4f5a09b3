import type { LanguageModel } from "../models/index.ts";
import { fingerprint } from "../potentials/same-vocabulary.ts";

/** What a model says after a context, averaged over the places where the context stood. */
export interface SurrogateContext {
  /** The last tokens, oldest first; the empty context is the first of a surrogate. */
  readonly tokens: readonly number[];
  /** Number of places. */
  readonly visits: number;
  /** Actions that were likely or taken: tokens that are no ends, ascending, and `vocabulary.size` for any end. */
  readonly actions: readonly number[];
  /** Sum of each action's probability over the places, `[actions]`. */
  readonly masses: readonly number[];
}

/** Which model a surrogate was fitted to. */
export interface SurrogateModel {
  readonly name: string;
  /** A hash of its vocabulary. */
  readonly vocabulary: string;
  /** What it said after one context: `log π` of its likeliest tokens there, in nats. */
  readonly probe: {
    readonly context: readonly number[];
    readonly tokens: readonly number[];
    readonly logProbabilities: readonly number[];
  };
}

/**
 * A small model that imitates a language model, and whose values can be computed: an n-gram over tokens, with back-off.
 *
 * `P(a|h) = (mass(h,a) + κ·P(a|h′) + …)/(visits(h) + κ)`: what the model's own rows said after `h`, on average, and what
 * is missing of probability 1 from the longest shorter context `h′`; before the empty context, all actions alike. Every action
 * has positive probability everywhere.
 */
export interface Surrogate {
  readonly model: SurrogateModel;
  /** Length of the n-grams: an action depends on the `order − 1` tokens before it, those of the prompt included. */
  readonly order: number;
  /** `κ > 0`: how many places a shorter context counts for. */
  readonly smoothing: number;
  /** Contexts, shorter ones first; with a context, its beginnings. */
  readonly contexts: readonly SurrogateContext[];
}

/** How far two readings of the same model may lie apart at its likeliest tokens, in nats: 16-bit caches differ by 0.05. */
const PROBE_TOLERANCE = 0.1;

/** How many tokens a probe holds. */
const PROBE_TOKENS = 8;

/** What tells a model from others: its vocabulary and what it says after a context. */
export const probeModel = async (
  model: LanguageModel,
  context: readonly number[],
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<SurrogateModel> => {
  const [row] = await model.next([context], options);
  const logProbabilities = row?.logProbabilities ?? new Float64Array(0);
  const tokens = Array.from(logProbabilities.keys())
    .filter((token) => (logProbabilities[token] as number) > -Infinity)
    .sort((a, b) => (logProbabilities[b] as number) - (logProbabilities[a] as number) || a - b)
    .slice(0, PROBE_TOKENS);
  return {
    name: model.name,
    vocabulary: fingerprint(model.vocabulary),
    probe: { context, tokens, logProbabilities: tokens.map((token) => logProbabilities[token] as number) },
  };
};

/**
 * Refuses a surrogate that was fitted to another model: it would steer badly, and nothing would tell why.
 *
 * @throws RangeError where the vocabularies differ, or what the model says after the surrogate's probe is not what it said then
 */
export const checkSurrogate = async (
  surrogate: Surrogate,
  model: LanguageModel,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<void> => {
  checkSurrogateVocabulary(surrogate, model.vocabulary);
  const { context, tokens, logProbabilities } = surrogate.model.probe;
  const [row] = await model.next([context], options);
  for (const [index, token] of tokens.entries()) {
    const [then, now] = [logProbabilities[index] as number, row?.logProbabilities[token] as number];
    if (Math.abs(then - now) <= PROBE_TOLERANCE) continue;
    throw new RangeError(
      `the surrogate was fitted to another model (${surrogate.model.name}): after ${context.length} tokens it gave token ` +
        `${token} the log-probability ${then.toFixed(3)}, ${model.name} gives ${now.toFixed(3)}: fit one to this model`,
    );
  }
};

/** @throws RangeError where the surrogate's tokens are not the vocabulary's */
export const checkSurrogateVocabulary = ({ model }: Surrogate, vocabulary: LanguageModel["vocabulary"]): void => {
  if (model.vocabulary === fingerprint(vocabulary)) return;
  throw new RangeError(
    `the surrogate was fitted to a model with other tokens (${model.name}, vocabulary ${model.vocabulary}; this one is ` +
      `${fingerprint(vocabulary)}): fit one to this model`,
  );
};
