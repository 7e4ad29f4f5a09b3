import { solve } from "./solve.ts";

/**
 * The dual of finding the distribution nearest to `p` with wanted moments: `g(λ) = log E_p exp(λ·φ) − λ·wanted`, convex in
 * the multipliers `λ`, with gradient `E_λ φ − wanted` and Hessian `Cov_λ φ` (theory §3, `p_λ ∝ p·e^{λ·φ}`).
 *
 * Features come in units of their range on the support, so that multipliers and gradients are of one size.
 */
export interface Dual {
  /** Number of features. */
  readonly size: number;
  /** The dual at some multipliers. */
  at(multipliers: Float64Array): DualPoint;
  /** `max_y λ·φ(y) − λ·wanted` over the support, in nats: below 0, no distribution on it has the wanted moments. */
  reach(multipliers: Float64Array): number;
}

/** The dual at one place. */
export interface DualPoint {
  /** `g(λ)`, in nats. */
  readonly value: number;
  /** What rounding may change the value by, in nats. */
  readonly rounding: number;
  /** `E_λ φ − wanted`, `[size]`, and `Cov_λ φ`, `[size × size]`; worked out when asked for. */
  derivatives(): { readonly gradient: Float64Array; readonly hessian: Float64Array };
}

/** How {@link minimizeDual} ended. */
export interface DualSolution {
  /**
   * `"met"`: the gradient is within the tolerance; `"separated"`: `λ·φ` proves that no distribution on the support has the
   * moments; `"stalled"`: neither within the steps allowed.
   */
  readonly outcome: "met" | "separated" | "stalled";
  readonly multipliers: Float64Array;
  readonly gradient: Float64Array;
  readonly hessian: Float64Array;
  readonly steps: number;
}

/** Newton steps before giving up; moments inside their range take 5 to 30, on the border of joint feasibility about 40. */
const STEPS_LIMIT = 200;

/** Sum of multipliers, in nats, that the first step may reach; each later one may double it and add as much again. */
const FIRST_REACH = 10;

/** By what share of the multipliers' size the wanted moments must be out of reach to count as proven infeasible. */
const SEPARATION = 1e-9;

/**
 * Minimises the dual by Newton's method with a line search, from 0.
 *
 * The Hessian may be singular (features that determine one another): it is lifted by 1e-13 of its trace, which leaves
 * consistent moments alone and lets the multipliers of contradictory ones diverge, until `λ·φ` separates them. A step goes no
 * further than the multipliers have come so far plus {@link FIRST_REACH}, since where a moment is rare the curvature
 * is tiny and the full step would be astronomic.
 *
 * @param tolerance largest gradient, in ranges of each feature, `[size]`
 */
export const minimizeDual = (dual: Dual, tolerance: Float64Array): DualSolution => {
  let multipliers = new Float64Array(dual.size);
  let point = dual.at(multipliers);
  for (let steps = 0; ; steps++) {
    const { gradient, hessian } = point.derivatives();
    const found = { multipliers, gradient, hessian, steps };
    if (gradient.every((g, k) => Math.abs(g) <= (tolerance[k] as number))) return { outcome: "met", ...found };
    const size = sizeOf(multipliers);
    if (dual.reach(multipliers) < -SEPARATION * size) return { outcome: "separated", ...found };
    if (steps === STEPS_LIMIT) return { outcome: "stalled", ...found };
    const step = newtonStep(gradient, hessian, FIRST_REACH + size);
    const moved = lineSearch(dual, point, multipliers, step, gradient);
    if (moved === undefined) return { outcome: "stalled", ...found };
    [multipliers, point] = [moved.multipliers, moved.point];
  }
};

/** `Σ |λ_k|`. */
const sizeOf = (multipliers: Float64Array): number => multipliers.reduce((sum, x) => sum + Math.abs(x), 0);

/** `−H⁻¹·g`, shortened to a size. */
const newtonStep = (gradient: Float64Array, hessian: Float64Array, longest: number): Float64Array => {
  const step = solve(hessian, gradient).map((x) => -x);
  const size = sizeOf(step);
  return size > longest ? step.map((x) => x * (longest / size)) : step;
};

/** Halvings of a step before it is given up: then the dual falls by less than its rounding. */
const HALVINGS = 60;

/** Halves the step until the dual falls by 1e-4 of what its slope promises (Armijo), rounding aside. */
const lineSearch = (
  dual: Dual,
  from: DualPoint,
  multipliers: Float64Array,
  step: Float64Array,
  gradient: Float64Array,
): { multipliers: Float64Array<ArrayBuffer>; point: DualPoint } | undefined => {
  const slope = step.reduce((sum, x, k) => sum + x * (gradient[k] as number), 0);
  for (let halving = 0, share = 1; halving < HALVINGS; halving++, share /= 2) {
    const moved = Float64Array.from(multipliers, (x, k) => x + share * (step[k] as number));
    const point = dual.at(moved);
    if (point.value <= from.value + 1e-4 * share * slope + from.rounding + point.rounding) {
      return { multipliers: moved, point };
    }
  }
  return undefined;
};
