import { type Dual, type DualSolution, minimizeDual } from "./minimize-dual.ts";
import { checkMoment, namesOf } from "./moment.ts";

/** A moment to be met on some support, and the values that its feature takes there. */
export interface RangedMoment {
  readonly name: string;
  readonly wanted: number;
  readonly range: readonly [least: number, greatest: number];
}

/** Multipliers that meet some moments. */
export interface MomentSolution {
  /** In nats per unit of each feature, `[moments]`; 0 for features that are constant. */
  readonly multipliers: Float64Array;
  /** `E_λ φ − wanted`, in each feature's unit, `[moments]`. */
  readonly gaps: Float64Array;
  /** `Cov_λ φ`, in the features' units, `[moments × moments]`. */
  readonly covariance: Float64Array;
  readonly steps: number;
}

/** The dual in the features' own units, with multipliers for all the moments. */
export interface MomentDual {
  at(multipliers: Float64Array): {
    readonly value: number;
    readonly rounding: number;
    /** `E_λ φ − wanted`, `[moments]`, and `Cov_λ φ`, `[moments × moments]`. */
    moments(): { readonly gaps: Float64Array; readonly covariance: Float64Array };
  };
  /** `max_y λ·φ(y) − λ·wanted` over the support, in nats. */
  reach(multipliers: Float64Array): number;
}

/** Gap at which Newton's method stops, in ranges of the feature; rounding may allow no less than {@link ROUNDING}. */
const TOLERANCE = 1e-10;

/** Rounding of a mean, relative to the feature's largest value. */
const ROUNDING = 1e-13;

/** Gap, in ranges, that still counts as met where rounding stops the method early. */
const STALLED_TOLERANCE = 1e-9;

/** Share of the largest multiplier from which a moment counts as taking part in a contradiction. */
const PART = 1e-6;

/**
 * Meets moments by the multipliers that minimise their dual.
 *
 * @param where the responses that the ranges are over, for messages
 * @throws RangeError naming the moment that is out of range by itself, or those that contradict each other: Newton's method
 * has then found multipliers for which no response has as much of `λ·φ` as is wanted of its mean
 */
export const solveMoments = (moments: readonly RangedMoment[], dual: MomentDual, where: string): MomentSolution => {
  const free = moments.flatMap((moment, k) => (checkMoment(moment, moment.range, where) ? [] : [k]));
  const units = free.map((k) => {
    const [least, greatest] = (moments[k] as RangedMoment).range;
    return { range: greatest - least, size: Math.max(Math.abs(least), Math.abs(greatest)) };
  });
  const rangeOf = (k: number) => (units[k] as { range: number }).range;
  const all = (scaled: Float64Array): Float64Array => {
    const multipliers = new Float64Array(moments.length);
    for (const [i, k] of free.entries()) multipliers[k] = (scaled[i] as number) / rangeOf(i);
    return multipliers;
  };
  const tolerance = Float64Array.from(units, ({ range, size }) => Math.max(TOLERANCE, (ROUNDING * size) / range));
  const solution = minimizeDual(inRanges(dual, free, moments.length, rangeOf, all), tolerance);
  const met = solution.gradient.every((g, i) => Math.abs(g) <= Math.max(STALLED_TOLERANCE, tolerance[i] as number));
  if (solution.outcome === "separated" || !met) {
    throw refusal(
      free.map((k) => moments[k] as RangedMoment),
      solution,
      where,
    );
  }
  const multipliers = all(solution.multipliers);
  return { multipliers, ...dual.at(multipliers).moments(), steps: solution.steps };
};

/** The dual of the moments that are not constant, with features in units of their range. */
const inRanges = (
  dual: MomentDual,
  free: readonly number[],
  count: number,
  rangeOf: (k: number) => number,
  all: (scaled: Float64Array) => Float64Array,
): Dual => ({
  size: free.length,
  reach: (scaled) => dual.reach(all(scaled)),
  at: (scaled) => {
    const { value, rounding, moments } = dual.at(all(scaled));
    const derivatives = () => {
      const { gaps, covariance } = moments();
      return {
        gradient: Float64Array.from(free, (k, i) => (gaps[k] as number) / rangeOf(i)),
        hessian: Float64Array.from(
          free.flatMap((k, i) => free.map((l, j) => (covariance[k * count + l] as number) / (rangeOf(i) * rangeOf(j)))),
        ),
      };
    };
    return { value, rounding, derivatives };
  },
});

const refusal = (moments: readonly RangedMoment[], solution: DualSolution, where: string): RangeError => {
  if (solution.outcome === "separated") {
    const largest = solution.multipliers.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
    const parties = moments.filter((_, k) => Math.abs(solution.multipliers[k] as number) >= PART * largest);
    return new RangeError(
      `the moments ${namesOf(parties)} cannot be met together: ${where} no distribution has them all`,
    );
  }
  const gap = solution.gradient.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
  const furthest = moments.filter((_, k) => Math.abs(solution.gradient[k] as number) === gap);
  return new RangeError(
    `the moments could not be met in ${solution.steps} steps of Newton's method, ${namesOf(furthest)} being furthest: ` +
      "the multipliers diverge, so ask for less, or forbid responses by an automaton",
  );
};
