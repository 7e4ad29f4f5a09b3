import { type Choose, sumOf } from "./choose.ts";

/**
 * Ancestors of `count` offspring by systematic resampling: `[count]`, ascending.
 *
 * A comb of `N` teeth, `1/N` apart, falls on the weights laid end to end, and each particle has as many offspring as teeth have
 * hit it: `N w̄_i` in expectation, and never off that by one or more. The comb's place matters only by which teeth hit what, which are
 * finitely many cases: one is chosen by its probability.
 *
 * @param weights at least 0, one of them positive
 * @param count how many offspring; default: as many as there are weights
 */
export const systematicAncestors = (weights: Float64Array, choose: Choose, count = weights.length): Int32Array => {
  const tops = topsOf(weights, count);
  const cuts = [0, ...tops.map((top) => top - Math.floor(top)).sort(), 1];
  const lengths = Float64Array.from(
    { length: cuts.length - 1 },
    (_, i) => (cuts[i + 1] as number) - (cuts[i] as number),
  );
  const piece = choose(lengths, 1);
  const offset = ((cuts[piece] as number) + (cuts[piece + 1] as number)) / 2;
  let particle = 0;
  return Int32Array.from({ length: count }, (_, tooth) => {
    while ((tops[particle] as number) <= tooth + offset) particle++;
    return particle;
  });
};

/** Where each weight ends, in distances between teeth, `[weights]`; from the last positive one on, beyond all teeth. */
const topsOf = (weights: Float64Array, count: number): Float64Array => {
  const total = sumOf(weights);
  const last = weights.findLastIndex((weight) => weight > 0);
  let sum = 0;
  return weights.map((weight, i) => {
    sum += weight;
    return i >= last ? count : (count * sum) / total;
  });
};
