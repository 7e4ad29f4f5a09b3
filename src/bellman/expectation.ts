import { END, type Space } from "../space/index.ts";
import { armOf } from "./arm.ts";
import { type PolicyRow, policyRow } from "./policy-row.ts";
import type { Arm, Model } from "./soft-bellman.ts";
import { weigh } from "./weigh.ts";

/** A number for each arc: what an additive feature adds when a response follows the arc. */
type ArcTerm = (depth: number, arc: number, state: number, logPolicy: number) => number;

/**
 * Expectation of an additive quantity, `E[Σ_t f(s_t, y_t)] = X(start)` with `X(s) = Σ_a π(a|s)·(f(s,a) + X(s⊕a))`.
 *
 * Arcs of probability 0 are skipped, so `f` may be infinite there. One visit per arc.
 */
const expectSum = (arm: Arm, term: ArcTerm): number => {
  const { space } = arm.logits;
  const row = policyRow(arm);
  let next = new Float64Array(0);
  for (let depth = space.horizon - 1; depth >= 0; depth--) next = backUp(space, row, depth, next, term);
  return next[space.start] as number;
};

/** One depth of an expectation backward: `X(s)` from the next depth's, `[states]`. */
const backUp = (space: Space, row: PolicyRow, depth: number, next: Float64Array, term: ArcTerm) => {
  const layer = space.layer(depth);
  const out = new Float64Array(layer.states);
  for (let state = 0; state < layer.states; state++) {
    if (!row.read(depth, state)) continue;
    const first = layer.firstArc(state);
    const end = layer.firstArc(state + 1);
    let sum = 0;
    for (let arc = first; arc < end; arc++) {
      const logP = row.logPolicy[arc - first] as number;
      if (logP === -Infinity) continue;
      const target = layer.target(arc, state);
      const ahead = target === END ? 0 : (next[target] as number);
      sum += weigh(row.probability[arc - first] as number, logP, term(depth, arc, state, logP) + ahead);
    }
    out[state] = sum;
  }
  return out;
};

/**
 * Mean and variance of an additive feature `Φ(y) = Σ_t φ(s_t, y_t)`, in its own unit and its square.
 *
 * Backward in depth: `m(s) = Σ_a π(a|s)·(φ + m(s⊕a))` and, by the law of total variance,
 * `v(s) = Σ_a π(a|s)·(v(s⊕a) + (φ + m(s⊕a) − m(s))²)`, which cannot cancel to a negative number.
 *
 * @param feature one number per arc, laid out as a table's levels
 * @throws RangeError where a number of the feature is missing or not finite (−∞ may stand on actions of probability 0); EmptyModelError where no response has
 * positive probability
 * @example
 * ```ts
 * import { expectation, table, tree } from "arbel";
 * const space = tree({ tokens: ["a", "b"], horizon: 4, eos: false });
 * const fair = table(space, "reward", () => 0);
 * const countA = table(space, "reward", (prefix, action) => (action === 0 ? 1 : 0));
 * console.log(expectation(fair, countA.levels)); // { mean: 2, variance: 1 }
 * ```
 */
export const expectation = (
  model: Model,
  feature: readonly Float64Array[],
): { readonly mean: number; readonly variance: number } => {
  const arm = armOf(model);
  const { space } = arm.logits;
  checkFeature(space, feature);
  const term = (depth: number, arc: number) => (feature[depth] as Float64Array)[arc] as number;
  const row = policyRow(arm);
  const means: Float64Array[] = new Array(space.horizon);
  for (let depth = space.horizon - 1; depth >= 0; depth--) {
    means[depth] = backUp(space, row, depth, means[depth + 1] ?? new Float64Array(0), term);
  }
  const mean = (means[0] as Float64Array)[space.start] as number;
  if (mean === -Infinity)
    throw new RangeError('"feature" is −∞ on a response of positive probability: use finite numbers');
  const variance = expectSum(arm, (depth, arc, state) => {
    const target = space.layer(depth).target(arc, state);
    const ahead = target === END ? 0 : ((means[depth + 1] as Float64Array)[target] as number);
    return (term(depth, arc) + ahead - ((means[depth] as Float64Array)[state] as number)) ** 2;
  });
  return { mean, variance };
};

const checkFeature = (space: Space, feature: readonly Float64Array[]) => {
  for (let depth = 0; depth < space.horizon; depth++) {
    const { arcs } = space.layer(depth);
    const level = feature[depth];
    if (level?.length !== arcs) {
      throw new RangeError(`"feature[${depth}]" must hold ${arcs} numbers, one per arc, got ${level?.length}`);
    }
    const wrong = level.findIndex((x) => !(x < Infinity));
    if (wrong >= 0) throw new RangeError(`"feature[${depth}][${wrong}]" must be a finite number, got ${level[wrong]}`);
  }
};

/** Shannon entropy `H(p) = −E[Σ_t log π(y_t|s_t)]` of a model's responses, in nats. */
export const entropy = (model: Model): number => {
  const arm = armOf(model);
  return expectSum(arm, (_depth, _arc, _state, logPolicy) => -logPolicy);
};

/** Expected number of actions of a response, EOS included: `E[τ]` of theory §1. */
export const expectedLength = (model: Model): number => {
  const arm = armOf(model);
  return expectSum(arm, () => 1);
};
