import { END, type Space } from "../space/index.ts";
import { armOf, rewardOf } from "./arm.ts";
import { bestPrefixes } from "./best-prefixes.ts";
import { visits } from "./marginals.ts";
import { type PolicyRow, policyRow } from "./policy-row.ts";
import { residuals } from "./residuals.ts";
import type { Arm, Model } from "./soft-bellman.ts";

/** The student's error at one depth, over its own responses that get there. */
export interface PositionResidual {
  readonly depth: number;
  /** Probability that a response gets there. */
  readonly probability: number;
  /** Mean of `e(s,a)`, in nats, without forbidden actions. */
  readonly mean: number;
  /** Standard deviation of `e(s,a)`, in nats, without forbidden actions. */
  readonly standardDeviation: number;
  /** `E[ξ²]` over all responses, in nats²: over the depths these add up to the variance of `Δ`. */
  readonly variance: number;
  /** Probability of taking an action there that the target forbids. */
  readonly forbidden: number;
}

/** A state where the student errs. */
export interface StateResidual {
  readonly depth: number;
  readonly state: number;
  /** Tokens of the likeliest way there. */
  readonly prefix: readonly string[];
  /** Probability that a response passes here. */
  readonly probability: number;
  /** `probability · E[e²]`, in nats²; ∞ where the student takes an action that the target forbids. */
  readonly squaredResidual: number;
  /** `probability · E[ξ²]`, in nats²: the state's part of the variance of `Δ`; ∞ likewise. */
  readonly variance: number;
}

/** Where a student errs. */
export interface ResidualBreakdown {
  readonly positions: readonly PositionResidual[];
  /** The worst states, worst first, by their part of the variance of `Δ`. */
  readonly states: readonly StateResidual[];
}

/**
 * Where a student errs: the soft Bellman residual `e(s,a)` by depth, and the states that contribute most; exact, a few visits per arc.
 *
 * The residual depends on the gauge of the student's logits (theory §4): a constant added to a state's logits moves error from the
 * actions there to those before. `ξ(s,a) = e(s,a) + D(s⊕a) − D(s)` with `D(s) = E_student[Σ_rest e | s]` does not. It is what an
 * action changes in the expected `Δ`, and `Var Δ = Σ_t E ξ²`: of a small error, twice either divergence.
 *
 * @param options.states how many states to list, default 5
 * @throws RangeError where the spaces differ or the number is not whole and ≥ 0; EmptyModelError
 * @example
 * ```ts
 * import { residualBreakdown, table, toLogits, tree } from "arbel";
 * const space = tree({ tokens: ["a", "b"], horizon: 2, eos: false });
 * const target = table(space, "reward", () => 0);
 * const student = table(space, "logits", (prefix, action) => (prefix[0] === 1 && action === 1 ? 1 : 0)); // errs after "b"
 * console.log(residualBreakdown(toLogits(target), target).states.length); // 0
 * console.log(residualBreakdown(student, target).states[0]?.prefix); // [ 'b' ]
 * ```
 */
export const residualBreakdown = (
  student: Model,
  target: Model,
  options: { readonly states?: number } = {},
): ResidualBreakdown => {
  const { states: wanted = 5 } = options;
  if (!Number.isSafeInteger(wanted) || wanted < 0) {
    throw new RangeError(`"states" must be a whole number ≥ 0, got ${String(wanted)}`);
  }
  const arm = armOf(student);
  const errors = errorsOf(arm, residuals(arm.logits, rewardOf(target)));
  const reached = visits(arm);
  return {
    positions: errors.map((of, depth) => positionOf(of, reached[depth] as Float64Array, depth)),
    states: worstStates(arm, errors, reached, wanted),
  };
};

/** Moments of the residual at the states of one depth, under the student's policy there; all `[states]`. */
interface Errors {
  /** `E[e | s]` over the actions that the target allows. */
  readonly mean: Float64Array;
  /** `E[e² | s]`, likewise. */
  readonly square: Float64Array;
  /** `E[ξ² | s]`, likewise. */
  readonly surprise: Float64Array;
  /** Probability of an action that the target forbids. */
  readonly forbidden: Float64Array;
  /** `D(s)`; −∞ where every way on is forbidden. */
  readonly ahead: Float64Array;
}

const errorsOf = (arm: Arm, along: readonly Float64Array[]): Errors[] => {
  const { space } = arm.logits;
  const row = policyRow(arm);
  const all: Errors[] = new Array(space.horizon);
  for (let depth = space.horizon - 1; depth >= 0; depth--) {
    const { states } = space.layer(depth);
    const make = () => new Float64Array(states);
    const errors = { mean: make(), square: make(), surprise: make(), forbidden: make(), ahead: make() };
    for (let state = 0; state < states; state++) {
      if (!row.read(depth, state)) continue;
      readState(space, row, errors, { depth, state, level: along[depth] as Float64Array, next: all[depth + 1]?.ahead });
    }
    all[depth] = errors;
  }
  return all;
};

const readState = (
  space: Space,
  row: PolicyRow,
  errors: Errors,
  at: { depth: number; state: number; level: Float64Array; next: Float64Array | undefined },
): void => {
  const { depth, state, level, next } = at;
  const layer = space.layer(depth);
  const first = layer.firstArc(state);
  const end = layer.firstArc(state + 1);
  let [allowed, mean, square, change, squaredChange, forbidden] = [0, 0, 0, 0, 0, 0];
  for (let arc = first; arc < end; arc++) {
    const p = row.probability[arc - first] as number;
    if (p === 0) continue;
    const e = level[arc] as number;
    const target = layer.target(arc, state);
    const after = e + (target === END ? 0 : (next?.[target] as number));
    if (e === -Infinity) forbidden += p;
    if (after === -Infinity) continue;
    // running means: differences of large numbers would cancel
    allowed += p;
    const step = after - change;
    change += (p / allowed) * step;
    squaredChange += p * step * (after - change);
    mean += p * e;
    square += p * e * e;
  }
  errors.forbidden[state] = forbidden;
  errors.ahead[state] = allowed > 0 ? change : -Infinity;
  if (allowed === 0) return;
  errors.mean[state] = mean / allowed;
  errors.square[state] = square / allowed;
  errors.surprise[state] = squaredChange / allowed;
};

const positionOf = (errors: Errors, reached: Float64Array, depth: number): PositionResidual => {
  const total = (of: Float64Array) => reached.reduce((sum, p, state) => sum + p * (of[state] as number), 0);
  const probability = reached.reduce((sum, p) => sum + p, 0);
  const share = (x: number) => (probability > 0 ? x / probability : 0);
  const mean = share(total(errors.mean));
  const spread = reached.reduce((sum, p, state) => {
    const [first, second] = [errors.mean[state] as number, errors.square[state] as number];
    return sum + p * (Math.max(0, second - first * first) + (first - mean) ** 2);
  }, 0);
  return {
    depth,
    probability,
    mean,
    standardDeviation: Math.sqrt(share(spread)),
    variance: total(errors.surprise),
    forbidden: total(errors.forbidden),
  };
};

/** Parts of the variance below this, in nats², are rounding. */
const NOTHING = 1e-24;

const worstStates = (
  arm: Arm,
  errors: readonly Errors[],
  reached: readonly Float64Array[],
  wanted: number,
): StateResidual[] => {
  const worst: Omit<StateResidual, "prefix">[] = [];
  errors.forEach(({ square, surprise, forbidden }, depth) => {
    (reached[depth] as Float64Array).forEach((probability, state) => {
      const infinite = probability > 0 && (forbidden[state] as number) > 0;
      const part = (of: Float64Array) => (infinite ? Infinity : probability * (of[state] as number));
      const variance = part(surprise);
      if (variance <= NOTHING || (worst.length >= wanted && variance <= (worst.at(-1)?.variance ?? Infinity))) return;
      worst.push({ depth, state, probability, squaredResidual: part(square), variance });
      worst.sort((a, b) => (a.variance === b.variance ? b.probability - a.probability : b.variance - a.variance));
      worst.length = Math.min(worst.length, wanted);
    });
  });
  const prefixes = bestPrefixes(arm);
  return worst.map(({ depth, state, ...rest }) => ({ depth, state, prefix: prefixes(depth, state), ...rest }));
};
