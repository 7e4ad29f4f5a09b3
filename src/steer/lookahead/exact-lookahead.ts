import { InputError } from "../../space/index.ts";
import type { LanguageModel } from "../models/index.ts";
import type { ConstraintPotential } from "../potentials/constrain.ts";
import type { Potential } from "../potentials/potential.ts";
import { allowedTexts } from "./allowed-texts.ts";
import { canonicalSpellings } from "./canonical-spellings.ts";
import { lookAhead } from "./look-ahead.ts";
import { onlySpellings } from "./only-spellings.ts";
import { type ScoredTexts, scoreTexts } from "./score-texts.ts";
import { logSumExp, type SpellingFilter, type SpellingNode } from "./spelling-tree.ts";

/** Knobs of {@link exactLookahead}. */
export interface ExactLookaheadOptions {
  /**
   * Which spellings of an allowed text by tokens count. `"all"`, the default, is what a constraint on text means. `"canonical"`
   * allows the tokenizer's own spelling of each text only: fewer model calls, and another target, the model's distribution
   * given that it spells as its tokenizer does.
   */
  readonly spellings?: "all" | "canonical";
  /**
   * How far each text's log-probability may lie below the exact one, in nats. Default: 1e-6. With 0 every spelling is looked
   * at, which only short texts or tokens without single bytes allow.
   */
  readonly tolerance?: number;
  /** Most beginnings of spellings that the model is asked about. Default: 100,000. */
  readonly maximumNodes?: number;
  /** Most texts. Default: 10,000. */
  readonly maximumTexts?: number;
  readonly signal?: AbortSignal;
}

/** A potential that knows what is to come, and the distribution it steers to. */
export interface ExactLookahead {
  /**
   * The same constraint with `Û = log P(the model finishes within it | s)`: all weights are 1, up to the tolerance. A run of the same model and
   * prompt gives `log Z` as computed here, not as estimated by its weights.
   */
  readonly potential: Potential;
  /** The allowed texts with `log P(text | prompt)` of the model, in nats, likeliest first. */
  readonly responses: readonly { readonly text: string; readonly logProbability: number }[];
  /** `log Z`, in nats: the log-probability that the model by itself would satisfy the wish. The price of the wish. */
  readonly logPartition: number;
  /** By how much any of these log-probabilities may be too low, in nats. */
  readonly error: number;
  /** How many beginnings of spellings the model was asked about. */
  readonly nodes: number;
}

/**
 * The paper's M over the tree of the allowed responses' spellings: exact lookahead where they are finite and few (theory §8).
 *
 * Every beginning of a spelling is scored by the model, in batches, and values are summed backward in float64:
 * `Û(s) = log Σ_a π(a|s)·exp Û(s⊕a)`. Beginnings that matter less than the tolerance are left out; there `Û = 0`, an upper
 * bound, so that weights stay right.
 *
 * @param prompt tokens before the response
 * @param potential made by {@link constrain}
 * @throws RangeError where the texts, or the beginnings of their spellings, are too many: with their number; where the model
 * reports its likeliest tokens only. InputError where the model gives all of them probability 0
 * @example
 * ```ts
 * import { table, tree } from "arbel";
 * import { constrain, exactLookahead, oneOf, tableModel } from "arbel/steer";
 * const space = tree({ tokens: ["a", "b", "ab"], horizon: 4, eos: true });
 * const model = tableModel(table(space, "logits", () => 0));
 * const wish = constrain(oneOf(["ab", "ba"]), model.vocabulary, { maximumTokens: 3 });
 * const { responses, logPartition } = await exactLookahead(model, [], wish);
 * // "ab" is spelled "ab" (1/16) and "a" "b" (1/64); "ba" only "b" "a"
 * console.log(responses.map(({ text }) => text)); // ["ab", "ba"]
 * console.log(64 * Math.exp(logPartition)); // ≈ 6.0
 * ```
 */
export const exactLookahead = async (
  model: LanguageModel,
  prompt: readonly number[],
  potential: ConstraintPotential,
  options: ExactLookaheadOptions = {},
): Promise<ExactLookahead> => {
  const { spellings, tolerance, maximumNodes, maximumTexts, signal } = checked(options);
  const { vocabulary } = model;
  const texts = allowedTexts(potential.constraint, maximumTexts);
  const filter = spellings === "canonical" ? await canonicalSpellings(vocabulary, prompt, texts) : undefined;
  const scored = await scoreTexts({ model, prompt, potential, texts, filter, signal }, { tolerance, maximumNodes });
  const logPartition = logSumExp([...scored.logProbabilities]);
  if (logPartition === -Infinity) {
    throw new InputError(
      `${model.name} gives probability 0 to all ${texts.length} texts of "${potential.name}": allow others`,
    );
  }
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const responses = texts
    .map((bytes, index) => ({ text: decoder.decode(bytes), logProbability: scored.logProbabilities[index] as number }))
    .sort((left, right) => right.logProbability - left.logProbability);
  const ahead = steered(potential, vocabulary.ends, scored, filter);
  const { maximumTokens } = potential;
  // beyond what was scored values are upper bounds, so the start's is one too
  const interval = [logPartition, Math.max(logPartition, ahead.start().value)] as const;
  return {
    potential: { ...ahead, logPartition: { model, prompt: [...prompt], maximumTokens, interval } },
    responses,
    logPartition,
    error: scored.error,
    nodes: scored.nodes,
  };
};

/** The potential with the tree's values; beyond the tree, with none. */
const steered = (
  potential: ConstraintPotential,
  ends: readonly number[],
  { root }: ScoredTexts,
  filter: SpellingFilter | undefined,
): Potential => {
  const values = new Map<SpellingNode, number>();
  sumBackward(root, values);
  const size = potential.automaton.vocabulary.size;
  const nothing = new Float64Array(size);
  const rowAfter = (node: SpellingNode | undefined): Float64Array => {
    if (!node?.children) return nothing;
    const row = new Float64Array(size).fill(-Infinity);
    for (const [token, child] of node.children) row[token] = values.get(child) as number;
    return row;
  };
  const guess = {
    name: filter ? "exact values of canonical spellings" : "exact values",
    start: () => ({ memo: root as SpellingNode | undefined, value: values.get(root) as number }),
    next: (states: readonly { readonly memo: SpellingNode | undefined }[]) =>
      Promise.resolve(states.map(({ memo }) => rowAfter(memo))),
    advance: (memo: SpellingNode | undefined, token: number) => memo?.children?.get(token),
  };
  return filter
    ? lookAhead(onlySpellings(potential, ends, filter), ends, guess)
    : lookAhead<unknown, SpellingNode | undefined>(potential as Potential, ends, guess);
};

/** `Û(s) = log (π(end|s) + Σ_a π(a|s)·exp Û(s⊕a))`; 0 at beginnings that were not looked at. */
const sumBackward = (node: SpellingNode, values: Map<SpellingNode, number>): number => {
  const terms = [node.end];
  for (const child of node.children?.values() ?? []) {
    terms.push(child.logProbability - node.logProbability + sumBackward(child, values));
  }
  const value = node.children ? logSumExp(terms) : 0;
  values.set(node, value);
  return value;
};

const checked = (options: ExactLookaheadOptions) => {
  const { spellings = "all", tolerance = 1e-6, maximumNodes = 100_000, maximumTexts = 10_000, signal } = options;
  if (spellings !== "all" && spellings !== "canonical") {
    throw new RangeError(`"spellings" must be "all" or "canonical", got ${JSON.stringify(spellings)}`);
  }
  if (!(tolerance >= 0 && tolerance < 1)) {
    throw new RangeError(`"tolerance" must be at least 0 and less than 1, got ${String(tolerance)}`);
  }
  for (const [name, value] of Object.entries({ maximumNodes, maximumTexts })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`"${name}" must be a whole number ≥ 1, got ${String(value)}`);
    }
  }
  return { spellings, tolerance, maximumNodes, maximumTexts, signal };
};
