import { checkSameSpace, type Layer } from "../space/index.ts";
import { armOf } from "./arm.ts";
import { kl } from "./divergence.ts";
import { expectState } from "./expect-state.ts";
import { reachable } from "./reachable.ts";
import { sharpBound } from "./sharp-bound.ts";
import type { Arm, Model } from "./soft-bellman.ts";

/** How far apart two models on the same space are; all in nats. */
export interface Comparison {
  /** Exact divergences: `forward` is `KL(a‖b)`, `reverse` is `KL(b‖a)`. */
  readonly kl: { readonly forward: number; readonly reverse: number };
  /**
   * Distances of the logits over the states that either model reaches: `raw` is `ε = max |δ|`, `gaugeFree` is
   * `½ max_s range_a δ(s,·)`, the least `ε` over all gauges (theory §4).
   */
  readonly distance: { readonly raw: number; readonly gaugeFree: number };
  /** Bounds on both divergences. */
  readonly bounds: {
    /** `2·T·ε`: theory §6.1 (arXiv 2512.15605, eq. 59). */
    readonly paper: number;
    /** `T·h(ρ̄)`: theory §6.3. */
    readonly sharp: number;
    /** `Σ_t E[h(ρ(s_t))]`, over the responses of `a` (bounds `forward`) and of `b` (bounds `reverse`): theory §6.3. */
    readonly sharpExpected: { readonly forward: number; readonly reverse: number };
  };
}

/**
 * Exact divergences between two models, distances of their logits, and the bounds that tie them.
 *
 * Rewards go through M first. Always `KL ≤ sharpExpected ≤ sharp ≤ paper`. All are `+∞` where one model forbids what
 * the other allows, except a divergence that stays finite.
 *
 * @throws RangeError where the spaces differ; EmptyModelError where a model has no response of positive probability
 * @example
 * ```ts
 * import { compare, table, toLogits, tree } from "arbel";
 * const space = tree({ tokens: ["a", "b"], horizon: 3, eos: true });
 * const target = toLogits(table(space, "reward", (prefix) => prefix.length));
 * const student = table(space, "logits", (prefix, action) => (prefix.length + action) / 10);
 * const { kl, bounds } = compare(target, student);
 * console.log(kl.forward <= bounds.sharp && bounds.sharp <= bounds.paper); // true
 * ```
 */
export const compare = (a: Model, b: Model): Comparison => {
  const [first, second] = [armOf(a), armOf(b)];
  const { space } = first.logits;
  checkSameSpace(space, second.logits.space);
  const { raw, range } = spread(first, second);
  const expected = (arm: Arm) =>
    expectState(arm, (depth, state, layer) => sharpBound(differenceOfState(first, second, depth, state, layer).range));
  return {
    kl: { forward: kl(first, second), reverse: kl(second, first) },
    distance: { raw, gaugeFree: range / 2 },
    bounds: {
      paper: 2 * space.horizon * raw,
      sharp: space.horizon * sharpBound(range),
      sharpExpected: { forward: expected(first), reverse: expected(second) },
    },
  };
};

/** Largest `|δ|` and largest range of `δ` over the states that either model reaches. */
const spread = (a: Arm, b: Arm): { raw: number; range: number } => {
  const { space } = a.logits;
  const [byA, byB] = [reachable(a), reachable(b)];
  let [raw, range] = [0, 0];
  for (let depth = 0; depth < space.horizon; depth++) {
    const layer = space.layer(depth);
    for (let state = 0; state < layer.states; state++) {
      if (byA[depth]?.[state] !== 1 && byB[depth]?.[state] !== 1) continue;
      const difference = differenceOfState(a, b, depth, state, layer);
      raw = Math.max(raw, difference.raw);
      range = Math.max(range, difference.range);
    }
  }
  return { raw, range };
};

/** `max |δ|` and `max δ − min δ` over a state's actions; an action that both forbid does not count. */
const differenceOfState = (a: Arm, b: Arm, depth: number, state: number, layer: Layer) => {
  const [first, second] = [a.logits.levels[depth] as Float64Array, b.logits.levels[depth] as Float64Array];
  let [low, high] = [Infinity, -Infinity];
  const end = layer.firstArc(state + 1);
  for (let arc = layer.firstArc(state); arc < end; arc++) {
    const [x, y] = [first[arc] as number, second[arc] as number];
    if (x === -Infinity && y === -Infinity) continue;
    low = Math.min(low, x - y);
    high = Math.max(high, x - y);
  }
  // one infinite difference makes the range infinite, also where the state has no other action
  if (low === -Infinity || high === Infinity) return { raw: Infinity, range: Infinity };
  return high < low ? { raw: 0, range: 0 } : { raw: Math.max(Math.abs(low), Math.abs(high)), range: high - low };
};
