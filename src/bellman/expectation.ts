import { END, type Space } from "../space/index.ts";
import { armOf } from "./arm.ts";
import { logPolicyAt } from "./policy.ts";
import type { Arm, Model } from "./soft-bellman.ts";
import { weigh } from "./weigh.ts";

/** A number for each arc: what an additive feature adds when a response follows the arc. */
type ArcTerm = (depth: number, arc: number, state: number) => number;

/**
 * Expectation of an additive quantity, `E[Σ_t f(s_t, y_t)] = X(start)` with `X(s) = Σ_a π(a|s)·(f(s,a) + X(s⊕a))`.
 *
 * Arcs of probability 0 are skipped, so `f` may be infinite there. One visit per arc.
 */
const expectSum = (arm: Arm, term: ArcTerm): number => {
  const { space } = arm.logits;
  let next = new Float64Array(0);
  for (let depth = space.horizon - 1; depth >= 0; depth--) next = backUp(arm, depth, next, term);
  return next[space.start] as number;
};

/** One depth of an expectation backward: `X(s)` from the next depth's, `[states]`. */
const backUp = (arm: Arm, depth: number, next: Float64Array, term: ArcTerm): Float64Array<ArrayBuffer> => {
  const layer = arm.logits.space.layer(depth);
  const out = new Float64Array(layer.states);
  for (let state = 0; state < layer.states; state++) {
    const end = layer.firstArc(state + 1);
    let sum = 0;
    for (let arc = layer.firstArc(state); arc < end; arc++) {
      const logPolicy = logPolicyAt(arm, depth, arc, state);
      if (logPolicy === -Infinity) continue;
      const target = layer.target(arc, state);
      sum += weigh(logPolicy, term(depth, arc, state) + (target === END ? 0 : (next[target] as number)));
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
 * @throws EmptyModelError where no response has positive probability
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
  const term: ArcTerm = (depth, arc) => (feature[depth] as Float64Array)[arc] as number;
  const means: Float64Array[] = new Array(space.horizon);
  for (let depth = space.horizon - 1; depth >= 0; depth--) {
    means[depth] = backUp(arm, depth, means[depth + 1] ?? new Float64Array(0), term);
  }
  const variance = expectSum(arm, (depth, arc, state) => {
    const target = space.layer(depth).target(arc, state);
    const ahead = target === END ? 0 : ((means[depth + 1] as Float64Array)[target] as number);
    return (term(depth, arc, state) + ahead - ((means[depth] as Float64Array)[state] as number)) ** 2;
  });
  return { mean: (means[0] as Float64Array)[space.start] as number, variance };
};

const checkFeature = (space: Space, feature: readonly Float64Array[]) => {
  for (let depth = 0; depth < space.horizon; depth++) {
    const { arcs } = space.layer(depth);
    if (feature[depth]?.length !== arcs) {
      throw new RangeError(`"feature[${depth}]" must hold ${arcs} numbers, one per arc, got ${feature[depth]?.length}`);
    }
  }
};

/** Shannon entropy `H(p) = −E[Σ_t log π(y_t|s_t)]` of a model's responses, in nats. */
export const entropy = (model: Model): number => {
  const arm = armOf(model);
  return expectSum(arm, (depth, arc, state) => -logPolicyAt(arm, depth, arc, state));
};

/** Expected number of actions of a response, EOS included: `E[τ]` of theory §1. */
export const expectedLength = (model: Model): number => {
  const arm = armOf(model);
  return expectSum(arm, () => 1);
};
