/** A Monte Carlo estimate. */
export interface Estimate {
  readonly estimate: number;
  /** Standard error, by the delta method. */
  readonly standardError: number;
  /** 95 % confidence interval; who makes the estimate says how. */
  readonly interval: readonly [lower: number, upper: number];
}

/** Standard error of an estimate from its influence values: each sample's first-order effect on it, of mean 0. */
export const standardErrorOf = (influences: Float64Array): number => {
  const count = influences.length;
  return Math.sqrt(influences.reduce((sum, x) => sum + x * x, 0) / (count - 1) / count);
};

/** What samples cannot tell: nothing known above the floor. */
export const unknown = (estimate: number, floor = -Infinity): Estimate => ({
  estimate,
  standardError: Infinity,
  interval: [floor, Infinity],
});

/** What is infinite for certain. */
export const infinite: Estimate = { estimate: Infinity, standardError: 0, interval: [Infinity, Infinity] };

/** An estimate of a part of what is asked for, which may be larger by any amount. */
export const fromBelow = ({ estimate, interval: [lower] }: Estimate): Estimate => ({
  estimate,
  standardError: Infinity,
  interval: [lower, Infinity],
});
