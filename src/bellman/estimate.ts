/** A Monte Carlo estimate. */
export interface Estimate {
  readonly estimate: number;
  /** Standard error, by the delta method. */
  readonly standardError: number;
  /** 95 % confidence interval, by the normal approximation. */
  readonly interval: readonly [lower: number, upper: number];
}

/** 97.5 % quantile of the standard normal distribution. */
const QUANTILE = 1.959963984540054;

/**
 * An estimate with the spread of its influence values: each sample's first-order effect on the estimate, of mean 0.
 *
 * @param floor the smallest value that the estimated quantity can have
 */
export const estimateOf = (estimate: number, influences: Float64Array, floor = -Infinity): Estimate => {
  const count = influences.length;
  const standardError = Math.sqrt(influences.reduce((sum, x) => sum + x * x, 0) / (count - 1) / count);
  return {
    estimate,
    standardError,
    interval: [Math.max(floor, estimate - QUANTILE * standardError), estimate + QUANTILE * standardError],
  };
};

/** What samples cannot tell: nothing known above the floor. */
export const unknown = (estimate: number, floor = -Infinity): Estimate => ({
  estimate,
  standardError: Infinity,
  interval: [floor, Infinity],
});
