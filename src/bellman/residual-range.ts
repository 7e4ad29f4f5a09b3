import { END } from "../space/index.ts";
import { armOf, rewardOf } from "./arm.ts";
import { residuals } from "./residuals.ts";
import type { Arm, Model } from "./soft-bellman.ts";

/**
 * Least and largest `Δ(y) = Σ_t e(s_t, y_t)` over all responses that the student gives positive probability, in nats; `lower` is −∞
 * where the target forbids one.
 *
 * Exact, by hard minimum and maximum over the space, one visit per arc. Where the student gives positive probability to all that the
 * target does, both divergences are at most {@link sharpBound} of `upper − lower`. Source: theory §6.4.
 *
 * @param target a reward, or logits with the reward `M⁻¹` gives them
 * @throws RangeError where the spaces differ; EmptyModelError
 * @example
 * ```ts
 * import { kl, residualRange, sharpBound, table, tree } from "arbel";
 * const space = tree({ tokens: ["a", "b"], horizon: 3, eos: true });
 * const target = table(space, "reward", (prefix) => prefix.length);
 * const student = table(space, "logits", (prefix, action) => action / 2);
 * const { lower, upper } = residualRange(student, target);
 * console.log(kl(student, target) <= sharpBound(upper - lower)); // true
 * ```
 */
export const residualRange = (student: Model, target: Model): { readonly lower: number; readonly upper: number } => {
  const arm = armOf(student);
  const along = residuals(arm.logits, rewardOf(target));
  return { lower: -largestSum(arm, along, -1), upper: largestSum(arm, along, 1) };
};

/** Largest `Σ_t sign·e(s_t, y_t)` over the student's responses. */
const largestSum = (arm: Arm, along: readonly Float64Array[], sign: 1 | -1): number => {
  const { space, levels } = arm.logits;
  let next = new Float64Array(0);
  for (let depth = space.horizon - 1; depth >= 0; depth--) {
    const layer = space.layer(depth);
    const [level, logits] = [along[depth] as Float64Array, levels[depth] as Float64Array];
    const out = new Float64Array(layer.states).fill(-Infinity);
    for (let state = 0; state < layer.states; state++) {
      const end = layer.firstArc(state + 1);
      for (let arc = layer.firstArc(state); arc < end; arc++) {
        if (logits[arc] === -Infinity) continue;
        const target = layer.target(arc, state);
        const ahead = target === END ? 0 : (next[target] as number);
        out[state] = Math.max(out[state] as number, sign * (level[arc] as number) + ahead);
      }
    }
    next = out;
  }
  return next[space.start] as number;
};
