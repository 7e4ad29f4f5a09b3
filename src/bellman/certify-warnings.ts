/** Share of effective samples below which a certificate warns. */
const LOW_SHARE = 0.1;

/** Change of `log Z` by what was not sampled, in nats, above which a certificate warns. */
const LARGE_CHANGE = 0.1;

/** So many expected samples leave a response unseen with a chance of 5 %: the rule of three. */
const UNSEEN = 3;

/** What a certificate's warnings are made of. */
interface Signs {
  /** `Δ` of the samples, in nats. */
  readonly residuals: Float64Array;
  readonly effectiveSampleSize: number;
  readonly paretoShape: number;
  /** `log E e^Δ`, estimated. */
  readonly logMean: number;
  /** Largest `Δ` of any response, where it is known. */
  readonly largest: number | undefined;
}

/** What stands in the way of trusting a certificate's estimates, a sentence each. */
export const warningsOf = (signs: Signs): string[] =>
  [lowShare(signs), heavyTail(signs), unseenWeight(signs), impossible(signs)].filter(
    (warning) => warning !== undefined,
  );

const lowShare = ({ residuals: { length: count }, effectiveSampleSize }: Signs): string | undefined =>
  effectiveSampleSize < LOW_SHARE * count
    ? `the effective sample size is ${effectiveSampleSize.toFixed(1)} of ${count} samples, below 10 %: ` +
      "errors and intervals may be too small, take more samples or a closer student"
    : undefined;

/** Above `min(1 − 1/log₁₀ n, 0.7)` more samples hardly help (Vehtari et al., arXiv 1507.02646, §3). */
const heavyTail = ({ residuals: { length: count }, paretoShape }: Signs): string | undefined => {
  if (paretoShape === Infinity) {
    return `the effective sample size means little with ${count} samples: too few to see how heavy the largest weights are, take 25 or more`;
  }
  const limit = Math.min(1 - 1 / Math.log10(count), 0.7);
  return paretoShape > limit
    ? `the effective sample size cannot be trusted: the largest weights have Pareto shape ${paretoShape.toFixed(2)}, above ` +
        `${limit.toFixed(2)}: errors and intervals may be too small, take a closer student`
    : undefined;
};

const unseenWeight = ({ residuals, logMean, largest = -Infinity }: Signs): string | undefined => {
  const count = residuals.length;
  const seen = residuals.reduce((a, b) => Math.max(a, b), -Infinity);
  const change = Math.log1p((UNSEEN * Math.exp(largest - logMean)) / count);
  return largest > seen + 1e-9 && change > LARGE_CHANGE
    ? `the effective sample size leaves out responses that were not sampled: ${UNSEEN} expected samples of the heaviest one, ` +
        `with residual ${largest.toFixed(3)} nats, would change log Z by ${change.toFixed(3)} nats`
    : undefined;
};

const impossible = ({ residuals }: Signs): string | undefined => {
  const count = residuals.reduce((sum, residual) => sum + (residual === -Infinity ? 1 : 0), 0);
  return count > 0
    ? `${count} of ${residuals.length} samples have probability 0 under the target, so KL(student‖target) is infinite`
    : undefined;
};
