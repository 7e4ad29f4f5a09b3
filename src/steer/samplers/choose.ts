import { type RandomGenerator, uniform } from "../../bellman/index.ts";

/**
 * Chooses an index with probability proportional to weights `[n]`, of which one at least is positive.
 *
 * All that is random in a sampler goes through it, so that a test can go through everything that may happen.
 *
 * @param total the sum of the weights, where it is known
 */
export type Choose = (weights: Float64Array, total?: number) => number;

/** Chooses by the running sum of the weights and one uniform number. */
export const chooser =
  (random: RandomGenerator): Choose =>
  (weights, total = sumOf(weights)) => {
    let left = uniform(random) * total;
    let last = -1;
    for (let i = 0; i < weights.length; i++) {
      const weight = weights[i] as number;
      if (!(weight > 0)) continue;
      last = i;
      left -= weight;
      if (left < 0) return i;
    }
    // what rounding leaves over belongs to the last index of positive weight
    return last;
  };

/** The sum of some numbers. */
export const sumOf = (numbers: Float64Array): number => {
  let sum = 0;
  for (let i = 0; i < numbers.length; i++) sum += numbers[i] as number;
  return sum;
};
