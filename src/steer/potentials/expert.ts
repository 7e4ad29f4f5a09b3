import type { LanguageModel, NextTokens } from "../models/index.ts";
import type { Vocabulary } from "../vocabulary/index.ts";
import type { Potential } from "./potential.ts";
import { sameVocabulary } from "./same-vocabulary.ts";

/** Knobs of {@link expert}. */
export interface ExpertOptions {
  /** Factor `α` of its log-probabilities: > 0 draws towards what it says (a product of experts), < 0 away from it (contrast). */
  readonly weight: number;
  /** Tokens that the other model reads before the response, as its `vocabulary.encode` gives them. */
  readonly prompt: readonly number[];
  /**
   * Least log-probability that is told apart, in nats: lower ones count as it. Needed where the other model gives
   * probability 0 (a negative weight would make that +∞) or reports its likeliest tokens only.
   */
  readonly floor?: number;
}

/**
 * Another language model as a potential, `φ(y) = α·log π'(y | prompt)`: each token's log-probability, times a weight.
 *
 * It is known token by token, with no guess of what is to come. `π·π'^α` is not normalised, so that steering weighs and
 * `log Z` is the price. Ends are tokens of their own here: where there are several, each has the weight that the other model gives to it.
 *
 * @param vocabulary that of the model that is steered, whose tokens must be the other's
 * @throws RangeError where the vocabularies differ, the weight is 0 or not finite, or later the model says +∞ or too little
 * @example
 * ```ts
 * import { table, tree } from "arbel";
 * import { expert, tableModel } from "arbel/steer";
 * const space = tree({ tokens: ["a", "b"], horizon: 2, eos: true });
 * const model = tableModel(table(space, "logits", () => 0));
 * const other = tableModel(table(space, "logits", (_, action) => (action === 0 ? Math.log(2) : 0)));
 * const away = expert(other, model.vocabulary, { weight: -1, prompt: [] });
 * const [row] = await away.rows([away.start().state]);
 * console.log(row?.map(Math.exp)); // Float64Array(3) [ 2, 4, 4 ]
 * ```
 */
export const expert = (
  model: LanguageModel,
  vocabulary: Vocabulary,
  options: ExpertOptions,
): Potential<readonly number[]> => {
  const { weight, prompt, floor = -Infinity } = options;
  if (!Number.isFinite(weight) || weight === 0) {
    throw new RangeError(`"weight" must be a finite number other than 0, got ${String(weight)}`);
  }
  if (Number.isNaN(floor) || floor > 0) throw new RangeError(`"floor" must be ≤ 0, got ${String(floor)}`);
  if (!sameVocabulary(model.vocabulary, vocabulary)) {
    throw new RangeError(
      `${model.name} has other tokens (${model.vocabulary.size}) than the model it is to steer (${vocabulary.size}): use models that share a tokenizer`,
    );
  }
  const rowOf = ({ logProbabilities, missing }: NextTokens): Float64Array => {
    if (missing > 0 && floor === -Infinity) {
      throw new RangeError(
        `${model.name} reports its likeliest tokens only: give "floor", the log-probability that others count as`,
      );
    }
    return logProbabilities.map((logProbability, token) => {
      const clipped = Math.max(logProbability, floor);
      if (clipped > -Infinity || weight > 0) return weight * clipped;
      throw new RangeError(
        `${model.name} gives token ${token} probability 0, which the weight ${weight} would make +∞: give "floor"`,
      );
    });
  };
  return {
    name: `${model.name}^${weight}`,
    hard: false,
    start: () => ({ state: prompt, value: 0 }),
    rows: async (states, call) => (await model.next(states, call)).map(rowOf),
    advance: (state, token) => [...state, token],
  };
};
