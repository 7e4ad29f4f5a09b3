import { finiteWeights } from "./walk-batch.ts";

/*
 * The gradient of each sampled objective is Σ_i c_i·∇ log p_θ(y_i): here are its coefficients c, from numbers of whole responses.
 */

/** Numbers of responses, `[count]` each, in nats. */
export interface ResponseNumbers {
  /** `log p_θ(y)`. */
  readonly logStudent: Float64Array;
  /** `R(y)`, −∞ where the target forbids the response. */
  readonly scores: Float64Array;
  /** `log μ(y)` under what drew it. */
  readonly logProposal: Float64Array;
}

/**
 * Forward divergence: `−w_i`, with `w_i ∝ exp(R(y_i) − log μ(y_i))`.
 *
 * @param options.logPartition `log Z` in nats, for `w_i = exp(R − log Z − log μ)/n`; without it weights sum to 1
 * @param options.baseline adds `p_θ(y_i)/(n·μ(y_i))`, whose mean is 0 and which makes all of it vanish at the optimum; needs `logPartition`
 */
export const forwardCoefficients = (
  { logStudent, scores, logProposal }: ResponseNumbers,
  options: { readonly logPartition?: number; readonly baseline?: boolean } = {},
): Float64Array => {
  const count = scores.length;
  const { logPartition } = options;
  const logWeights = scores.map((score, i) => score - (logProposal[i] as number));
  if (logPartition === undefined) {
    const largest = logWeights.reduce((max, w) => Math.max(max, w), -Infinity);
    if (largest === -Infinity) return new Float64Array(count);
    const weights = logWeights.map((w) => Math.exp(w - largest));
    const total = weights.reduce((sum, w) => sum + w, 0);
    return weights.map((w) => -w / total);
  }
  const coefficients = finiteWeights(logWeights.map((w) => w - logPartition)).map((w) => -w / count);
  if (!options.baseline) return coefficients;
  const ratios = finiteWeights(logStudent.map((logP, i) => logP - (logProposal[i] as number)));
  return coefficients.map((c, i) => c + (ratios[i] as number) / count);
};

/**
 * Reverse divergence: `w_i·(C_i − b_i)/n`, with the cost `C = log p_θ − R`, `w = p_θ/μ`, and the weighted mean `b_i` of the others' costs.
 *
 * Responses of weight 0 cost nothing: where the target forbids one and the student too, `−∞ − −∞` would be NaN.
 */
export const reverseCoefficients = ({ logStudent, scores, logProposal }: ResponseNumbers): Float64Array => {
  const weights = finiteWeights(logStudent.map((logP, i) => logP - (logProposal[i] as number)));
  const costs = logStudent.map((logP, i) => (weights[i] === 0 ? 0 : logP - (scores[i] as number)));
  const weightOfOthers = sumsOfOthers(weights);
  const costOfOthers = sumsOfOthers(weights.map((w, i) => w * (costs[i] as number)));
  return weights.map((w, i) => {
    const others = weightOfOthers[i] as number;
    const baseline = others > 0 ? (costOfOthers[i] as number) / others : 0;
    return (w * ((costs[i] as number) - baseline)) / weights.length;
  });
};

/** Path consistency: `2δ_i/n` of residuals `δ = log Z_φ + log p_θ − R`; their sum is the derivative by `log Z_φ`. */
export const consistencyCoefficients = (residuals: Float64Array): Float64Array =>
  residuals.map((residual) => (2 * residual) / residuals.length);

/** `Σ_{j≠i} x_j`, from both sides: the sum of all less `x_i` would cancel where one weight dominates. */
const sumsOfOthers = (numbers: Float64Array): Float64Array => {
  const sums = new Float64Array(numbers.length);
  let [before, after] = [0, 0];
  for (let i = 0; i < numbers.length; i++) {
    const last = numbers.length - 1 - i;
    sums[i] = (sums[i] as number) + before;
    sums[last] = (sums[last] as number) + after;
    before += numbers[i] as number;
    after += numbers[last] as number;
  }
  return sums;
};
