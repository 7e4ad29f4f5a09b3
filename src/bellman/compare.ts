import { checkSameSpace } from "../space/index.ts";
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
 * Rewards go through M first. `KL ≤ sharpExpected ≤ sharp ≤ paper`, up to rounding. All are `+∞` where one model forbids what
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
  const ranges = rangesOf(first, second);
  const { raw, range } = largest(first, second, ranges);
  const expected = (arm: Arm) =>
    expectState(arm, (depth, state) => sharpBound((ranges[depth] as Differences).range[state] as number));
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

/** `δ = q_a − q_b` of one depth. */
interface Differences {
  /** `max_a |δ(s,a)|`, `[states]` */
  readonly raw: Float64Array;
  /** `max_a δ(s,a) − min_a δ(s,a)`, `[states]` */
  readonly range: Float64Array;
}

const rangesOf = (a: Arm, b: Arm): Differences[] =>
  a.logits.levels.map((first, depth) => {
    const layer = a.logits.space.layer(depth);
    const second = b.logits.levels[depth] as Float64Array;
    const [raw, range] = [new Float64Array(layer.states), new Float64Array(layer.states)];
    for (let state = 0; state < layer.states; state++) {
      const { low, high } = extremes(first, second, layer.firstArc(state), layer.firstArc(state + 1));
      if (low > high) continue; // both forbid every action
      // one infinite difference makes the range infinite, also where the state has no other action
      const infinite = low === -Infinity || high === Infinity;
      raw[state] = Math.max(Math.abs(low), Math.abs(high));
      range[state] = infinite ? Infinity : high - low;
    }
    return { raw, range };
  });

/** Least and largest difference over a row; an action that both forbid does not count. */
const extremes = (first: Float64Array, second: Float64Array, begin: number, end: number) => {
  let [low, high] = [Infinity, -Infinity];
  for (let arc = begin; arc < end; arc++) {
    const [x, y] = [first[arc] as number, second[arc] as number];
    if (x === -Infinity && y === -Infinity) continue;
    low = Math.min(low, x - y);
    high = Math.max(high, x - y);
  }
  return { low, high };
};

/** Largest `|δ|` and largest range of `δ` over the states that either model reaches. */
const largest = (a: Arm, b: Arm, differences: readonly Differences[]): { raw: number; range: number } => {
  const [byA, byB] = [reachable(a), reachable(b)];
  let [raw, range] = [0, 0];
  differences.forEach((of, depth) => {
    for (let state = 0; state < of.raw.length; state++) {
      if (byA[depth]?.[state] !== 1 && byB[depth]?.[state] !== 1) continue;
      raw = Math.max(raw, of.raw[state] as number);
      range = Math.max(range, of.range[state] as number);
    }
  });
  return { raw, range };
};
