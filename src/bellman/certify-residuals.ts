import type { Certificate } from "./certificate.ts";
import { guaranteesOf, withoutSupport as guaranteesWithoutSupport } from "./certify-guarantees.ts";
import { warningsOf } from "./certify-warnings.ts";
import { type Estimate, fromBelow, infinite, standardErrorOf, unknown } from "./estimate.ts";
import { likelihoodInterval } from "./likelihood-interval.ts";
import { paretoTail } from "./pareto-tail.ts";
import { type Functional, klFromStudent, klFromTarget, logMeanWeight } from "./residual-functionals.ts";
import { type Moments, momentsOf, type ResidualSample, residualSample } from "./residual-sample.ts";

/**
 * Likelihood that an interval's end may cost, in nats: 3.7 standard errors where weights are even. Much for 95 %, on purpose: the
 * level is held where weights are uneven too, and an interval that misses without a warning is rare.
 */
const THRESHOLD = 7;

/**
 * A certificate from residuals alone: for any student that can be sampled and any target that can be scored (theory §6.4).
 *
 * `log Z = V + log E e^Δ`, `KL(p_q‖p_R) = log E e^Δ − E Δ` and `KL(p_R‖p_q) = E[e^Δ Δ]/E[e^Δ] − log E e^Δ`. Estimates: standard errors are by
 * the delta method, and too small where a few weights dominate. Intervals are the values over all distributions whose likelihood is
 * within 7 nats of the samples' (empirical likelihood), on what was seen and on one weight that was not: the mean that a Pareto tail
 * fitted to the largest weights expects beyond them, and no more than `range` allows. With a range come guarantees.
 *
 * @param residuals `Δ(y) = R(y) − V − log p_q(y)` of independent samples of the student, in the order drawn, in nats; −∞
 * where the target forbids the response
 * @param options.value `V = V_q(start)` of the student; 0 (default) where `Δ = R − log p_q`
 * @param options.range numbers that no response's `Δ` leaves, −∞ allowed below: known, or bounds
 * @param options.supported whether the student gives positive probability to all that the target does (default `true`), which its samples
 * cannot show; where it does not, `KL(p_R‖p_q)` is infinite, and what would need the missing part is only bounded from below
 * @throws RangeError where there are fewer than 2 residuals, one is NaN, +∞ or outside the range
 * @example
 * ```ts
 * import { certifyResiduals } from "arbel";
 * // a student that is the target, up to the constant log Z = 2
 * const certificate = certifyResiduals(new Float64Array(100).fill(2), { range: { lower: 2, upper: 2 } });
 * console.log(certificate.logPartition.estimate); // ≈ 2.000
 * ```
 */
export const certifyResiduals = (
  residuals: Float64Array,
  options: {
    readonly value?: number;
    readonly range?: { readonly lower: number; readonly upper: number } | undefined;
    readonly supported?: boolean;
  } = {},
): Omit<Certificate, "seed"> => {
  const { value = 0, range, supported = true } = options;
  check(residuals, range);
  const certificate = fromResiduals(residuals, value, range);
  return supported ? certificate : withoutSupport(certificate);
};

/**
 * What {@link certifyResiduals} says of `log E e^Δ` alone, in a third of the time: for weights that are no student's.
 *
 * @throws RangeError where there are fewer than 2, or one is NaN or +∞
 */
export const certifyLogMean = (
  residuals: Float64Array,
): Pick<Certificate, "logPartition" | "effectiveSampleSize" | "paretoShape" | "warnings"> => {
  check(residuals, undefined);
  const moments = momentsOf(residuals, 1 / residuals.length);
  if (moments.logMean === -Infinity) return nothingShared;
  const { estimate, ...facts } = factsOf(residuals, moments, undefined);
  return { logPartition: estimate(logMeanWeight, -Infinity), ...facts };
};

const fromResiduals = (
  residuals: Float64Array,
  value: number,
  range: { readonly lower: number; readonly upper: number } | undefined,
): Omit<Certificate, "seed"> => {
  const count = residuals.length;
  const guarantees = range && { guarantees: guaranteesOf(residuals, value, range) };
  const moments = momentsOf(residuals, 1 / count);
  const { logMean, mean, tilted } = moments;
  if (logMean === -Infinity) return { ...nothingShared, ...guarantees, samples: count };
  const { estimate, warnings, ...facts } = factsOf(residuals, moments, range?.upper);
  return clipped({
    logPartition: shifted(estimate(logMeanWeight, -Infinity), value),
    klStudentTarget: mean === -Infinity ? infinite : estimate(klFromStudent, 0),
    klTargetStudent: estimate(klFromTarget, 0),
    bracket: { lower: value + mean, upper: value + tilted },
    ...facts,
    ...guarantees,
    samples: count,
    warnings,
  });
};

/** How to estimate, and what tells how far to trust it. */
const factsOf = (residuals: Float64Array, moments: Moments, upper: number | undefined) => {
  const count = residuals.length;
  const { logMean } = moments;
  const { shape: paretoShape, logBeyond } = paretoTail(residuals.toSorted());
  const largest = residuals.reduce((a, b) => Math.max(a, b), -Infinity);
  const beyond = Math.min(logBeyond, upper ?? Infinity);
  const effectiveSampleSize = count / residuals.reduce((sum, x) => sum + Math.exp(2 * (x - logMean)) / count, 0);
  return {
    estimate: estimator(residuals, moments, beyond > largest ? beyond : -Infinity),
    effectiveSampleSize,
    paretoShape,
    warnings: warningsOf({ residuals, effectiveSampleSize, paretoShape, logMean, largest: upper }),
  };
};

const check = (
  residuals: Float64Array,
  range: { readonly lower: number; readonly upper: number } | undefined,
): void => {
  if (residuals.length < 2) throw new RangeError(`"samples" must be a whole number ≥ 2, got ${residuals.length}`);
  const wrong = residuals.findIndex((x) => !(x < Infinity));
  if (wrong >= 0) {
    throw new RangeError(
      `"residuals[${wrong}]" must be a finite number, or −∞ for a forbidden response, got ${residuals[wrong]}`,
    );
  }
  if (!range) return;
  if (!(range.lower <= range.upper && range.upper < Infinity)) {
    throw new RangeError(`"range" must have lower ≤ upper < ∞, got ${range.lower} and ${range.upper}`);
  }
  // sums of the same terms in another order differ by rounding
  const slack = 1e-9 * Math.max(1, Math.abs(range.upper), Number.isFinite(range.lower) ? Math.abs(range.lower) : 0);
  const outside = residuals.findIndex((x) => x < range.lower - slack || x > range.upper + slack);
  if (outside >= 0) {
    throw new RangeError(
      `"range" is ${range.lower} to ${range.upper}, but "residuals[${outside}]" is ${residuals[outside]}`,
    );
  }
};

/** Makes an {@link Estimate} of a functional that cannot be below a floor. */
const estimator = (residuals: Float64Array, moments: Moments, unseen: number) => {
  const sample: ResidualSample = residualSample(residuals);
  const grouped = momentsOf(
    sample.values,
    sample.counts.map((count) => count / sample.total),
  );
  return (functional: Functional, floor: number): Estimate => {
    const estimate = functional.value(moments);
    const influences = residuals.map((x) => functional.influence(x, moments));
    const [lower, upper] = likelihoodInterval(sample, functional, { threshold: THRESHOLD, unseen });
    const by = estimate - functional.value(grouped);
    return {
      estimate: Math.max(floor, estimate),
      standardError: standardErrorOf(influences),
      interval: [Math.max(floor, lower + by), Math.max(floor, upper + by)],
    };
  };
};

const shifted = ({ estimate, standardError, interval: [lower, upper] }: Estimate, by: number): Estimate => ({
  estimate: estimate + by,
  standardError,
  interval: [lower + by, upper + by],
});

const withoutSupport = (certificate: Omit<Certificate, "seed">): Omit<Certificate, "seed"> => ({
  ...certificate,
  logPartition: fromBelow(certificate.logPartition),
  klStudentTarget: fromBelow(certificate.klStudentTarget),
  klTargetStudent: infinite,
  bracket: { ...certificate.bracket, upper: Infinity },
  ...(certificate.guarantees && { guarantees: guaranteesWithoutSupport(certificate.guarantees) }),
  warnings: [
    ...certificate.warnings,
    "the student gives probability 0 to responses of the target, so KL(target‖student) is infinite, and log Z and KL(student‖target) are only bounded from below",
  ],
});

/** Intervals without what the range excludes for certain. */
const clipped = (certificate: Omit<Certificate, "seed">): Omit<Certificate, "seed"> => {
  const { guarantees, logPartition, klStudentTarget, klTargetStudent } = certificate;
  if (!guarantees) return certificate;
  const within = (estimate: Estimate, [low, high]: Estimate["interval"]): Estimate => {
    const [lower, upper] = estimate.interval;
    return { ...estimate, interval: [Math.min(Math.max(lower, low), high), Math.max(Math.min(upper, high), low)] };
  };
  return {
    ...certificate,
    logPartition: within(logPartition, guarantees.logPartition),
    klStudentTarget: within(klStudentTarget, [0, guarantees.klBound]),
    klTargetStudent: within(klTargetStudent, [0, guarantees.klBound]),
  };
};

/** No sample has positive probability under the target. */
const nothingShared: Omit<Certificate, "samples" | "seed"> = {
  logPartition: unknown(-Infinity),
  klStudentTarget: infinite,
  klTargetStudent: unknown(Infinity, 0),
  bracket: { lower: -Infinity, upper: Infinity },
  effectiveSampleSize: 0,
  paretoShape: -Infinity,
  warnings: [
    "no sample of the student has positive probability under the target: the estimates say nothing about log Z",
  ],
};
