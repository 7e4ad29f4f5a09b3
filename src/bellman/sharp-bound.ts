/**
 * `2^{2n} B_{2n} / (2n)! · (1 + 1/(2n))` for n = 1 … 10: the Taylor coefficients of `log(sinh x / x) + x coth x − 1` in
 * `x²`, with Bernoulli numbers `B_{2n}`.
 */
const COEFFICIENTS = [
  1 / 6,
  -1 / 30,
  1 / 42,
  -1 / 30,
  5 / 66,
  -691 / 2730,
  7 / 6,
  -3617 / 510,
  43867 / 798,
  -174611 / 330,
].map((bernoulli, index) => {
  const order = 2 * (index + 1);
  let coefficient = bernoulli * (1 + 1 / order);
  for (let k = 1; k <= order; k++) coefficient *= 2 / k;
  return coefficient;
});

/**
 * Largest Kullback–Leibler divergence, in nats, between two policies whose logits differ by a quantity of range `ρ`.
 *
 * `h(ρ) = log((e^ρ − 1)/ρ) + ρ/(e^ρ − 1) − 1`, `h(0) = 0`; attained, about `ρ²/8` for small `ρ` and `ρ − log ρ − 1` for
 * large. Relative error below 1e-12 for `ρ` from 1e-8 to 1e5; `h(∞) = ∞`. Source: theory §6.3.
 *
 * @param range `ρ = max δ − min δ` of the difference of logits, in nats, ≥ 0
 * @throws RangeError where the range is negative or NaN
 * @example
 * ```ts
 * import { sharpBound } from "arbel";
 * console.log(sharpBound(0)); // 0
 * console.log(sharpBound(2) < 2 ** 2 / 8); // true
 * ```
 */
export const sharpBound = (range: number): number => {
  if (!(range >= 0)) throw new RangeError(`"range" must be ≥ 0, got ${range}`);
  if (range === Infinity) return Infinity;
  // with x = ρ/2 the bound is log(sinh x / x) + x coth x − 1, whose parts cancel for small x: there its series
  const x = range / 2;
  if (range <= 1) return COEFFICIENTS.reduceRight((sum, coefficient) => (sum + coefficient) * x * x, 0);
  return range + Math.log1p(-Math.exp(-range)) - Math.log(range) + range / Math.expm1(range) - 1;
};
