import { lowerMeanBound, upperMeanBound } from "./betting-bounds.ts";
import type { Estimate } from "./estimate.ts";
import { momentsOf } from "./residual-sample.ts";
import { sharpBound } from "./sharp-bound.ts";

type Interval = Estimate["interval"];

/** What a certificate asserts without any estimate, given the range of the residual; in nats, up to rounding. */
export interface Guarantees {
  /** Certain: least and largest `Δ` over all responses that the student gives positive probability. */
  readonly residualRange: { readonly lower: number; readonly upper: number };
  /** Certain: `V + min Δ ≤ log Z ≤ V + max Δ`. */
  readonly logPartition: Interval;
  /** Certain: `h(max Δ − min Δ)`, at least both divergences (theory §6.4). */
  readonly klBound: number;
  /**
   * Sure but for a chance of 5 %, over the draw of the samples: all three intervals hold, whatever the weights and however few
   * the samples.
   */
  readonly confident: {
    readonly logPartition: Interval;
    readonly klStudentTarget: Interval;
    readonly klTargetStudent: Interval;
  };
}

/** Chance that one of the six ends of the three intervals is wrong: 5 % in all. */
const ERROR = 0.05 / 6;

/** Share of the samples that only chooses where the others are compared to. */
const PILOT = 0.1;

/**
 * Guarantees from residuals of independent samples and the range that no response leaves.
 *
 * With a number `c` from a tenth of the samples and `d = log E e^Δ − c`, the others bound means of bounded quantities, each by betting
 * ({@link upperMeanBound}): `E e^{Δ−c} = e^d`; `f = e^{Δ−c} − 1 − (Δ−c) ≥ 0` with `E f = KL(student‖target) + (e^d − 1 − d)`; and
 * `g = e^{Δ−c}(Δ−c−1) + 1 ≥ 0` with `KL(target‖student) = e^{−d}(E g − 1) + 1 − d`.
 *
 * @param value `V_q(start)` of the student
 */
export const guaranteesOf = (
  residuals: Float64Array,
  value: number,
  range: { readonly lower: number; readonly upper: number },
): Guarantees => {
  const { lower, upper } = range;
  const logMean: Interval = [lower, upper];
  const klBound = upper === -Infinity ? Infinity : sharpBound(upper - lower);
  const { ofLogMean, ofStudent, ofTarget } = confidentOf(residuals, range);
  const divergence = ([low, high]: Interval): Interval => meet([0, klBound], [low, Math.max(0, high)]);
  return {
    residualRange: { lower, upper },
    logPartition: shifted(logMean, value),
    klBound,
    confident: {
      logPartition: shifted(meet(logMean, ofLogMean), value),
      klStudentTarget: divergence(ofStudent),
      klTargetStudent: divergence(ofTarget),
    },
  };
};

/** What is left of the guarantees where the student gives probability 0 to responses of the target: no bound from above. */
export const withoutSupport = (guarantees: Guarantees): Guarantees => {
  const { residualRange, logPartition, confident } = guarantees;
  const fromBelow = ([lower]: Interval): Interval => [lower, Infinity];
  return {
    residualRange,
    logPartition: fromBelow(logPartition),
    klBound: Infinity,
    confident: {
      logPartition: fromBelow(confident.logPartition),
      klStudentTarget: fromBelow(confident.klStudentTarget),
      klTargetStudent: [Infinity, Infinity],
    },
  };
};

/** What two intervals have in common; one number where rounding has moved them apart. */
const meet = (a: Interval, b: Interval): Interval => {
  const upper = Math.min(a[1], b[1]);
  return [Math.min(Math.max(a[0], b[0]), upper), upper];
};

const shifted = ([lower, upper]: Interval, by: number): Interval => [lower + by, upper + by];

const NOTHING = {
  ofLogMean: [-Infinity, Infinity],
  ofStudent: [0, Infinity],
  ofTarget: [0, Infinity],
} as const;

const confidentOf = (
  residuals: Float64Array,
  { lower, upper }: Guarantees["residualRange"],
): { readonly ofLogMean: Interval; readonly ofStudent: Interval; readonly ofTarget: Interval } => {
  const pilot = Math.max(1, Math.floor(PILOT * residuals.length));
  const { logMean: centre } = momentsOf(residuals.subarray(0, pilot), 1 / pilot);
  // nothing to compare to, or weights beyond float64
  if (centre === -Infinity || upper - centre > 600) return NOTHING;
  const excesses = residuals.subarray(pilot).map((x) => x - centre);
  const [least, most] = [lower - centre, upper - centre];
  const weights = meanBetween(excesses.map(Math.exp), Math.exp(least), Math.exp(most));
  const d: Interval = [Math.log(weights[0]), Math.log(weights[1])];
  // a sample that the target forbids makes the divergence from the student infinite for certain
  const f: Interval = excesses.includes(-Infinity)
    ? [Infinity, Infinity]
    : meanBetween(excesses.map(overshoot), 0, Math.max(overshoot(least), overshoot(most)));
  const g = meanBetween(excesses.map(tilted), 0, Math.max(tilted(least), tilted(most)));
  return {
    ofLogMean: [centre + d[0], centre + d[1]],
    ofStudent: [f[0] === Infinity ? f[0] : f[0] - Math.max(overshoot(d[0]), overshoot(d[1])), f[1]],
    ofTarget: targetDivergence(g, d),
  };
};

/** `e^x − 1 − x ≥ 0`. */
const overshoot = (x: number): number => Math.expm1(x) - x;

/** `e^x (x − 1) + 1 ≥ 0`. */
const tilted = (x: number): number => (x === -Infinity ? 1 : Math.exp(x) * (x - 1) + 1);

/** Bounds on the mean of finite samples that cannot leave `[smallest, largest]`; rounding may have led them out by little. */
const meanBetween = (samples: Float64Array, smallest: number, largest: number): Interval => {
  const [low, high] = [
    samples.reduce((a, b) => Math.min(a, b), smallest),
    samples.reduce((a, b) => Math.max(a, b), largest),
  ];
  return [lowerMeanBound(samples, low, ERROR), upperMeanBound(samples, high, ERROR)];
};

/** Least and largest `e^{−d}(G − 1) + 1 − d` for `G` and `d` in their intervals. */
const targetDivergence = (g: Interval, d: Interval): Interval => {
  if (d[0] === -Infinity) return NOTHING.ofTarget;
  const at = (mean: number, x: number) => Math.exp(-x) * (mean - 1) + 1 - x;
  // along d the expression has no inner minimum, and for G < 1 a maximum at log(1 − G)
  const peak = Math.min(Math.max(g[1] < 1 ? Math.log(1 - g[1]) : d[0], d[0]), d[1]);
  return [Math.min(at(g[0], d[0]), at(g[0], d[1])), Math.max(at(g[1], d[0]), at(g[1], d[1]), at(g[1], peak))];
};
