import { checkSameSpace, type Table, tableOf } from "../space/index.ts";
import { byDepth } from "./by-depth.ts";
import { expectKind } from "./expect-kind.ts";
import { policy } from "./policy.ts";
import type { Model } from "./soft-bellman.ts";

/**
 * The reward whose model maximises `E_p[R] − β·KL(p‖ρ)`: `r/β + log π_ρ`, in nats.
 *
 * `toLogits` of it gives `p*(y) ∝ ρ(y)·exp(R(y)/β)`, and its values are `U(s) = log E_ρ[exp(R_rest/β) | s]`, which do not
 * depend on the gauge of `ρ`'s logits; `β·logPartition` is the maximum. Source: theory §3, §4.
 *
 * @param reference the model `ρ`
 * @param reward the reward `r`, on the same space
 * @param options.temperature `β > 0`, in the reward's unit per nat
 * @throws RangeError where the temperature is not a finite number > 0, or so small that `r/β` overflows, or the spaces differ
 * @example
 * ```ts
 * import { table, tilt, toLogits, tree } from "arbel";
 * const space = tree({ tokens: ["a", "b"], horizon: 3, eos: false });
 * const reference = table(space, "reward", () => 0);
 * const reward = table(space, "reward", (prefix, action) => action);
 * for (const temperature of [10, 1, 0.1]) console.log(toLogits(tilt(reference, reward, { temperature })).logPartition);
 * ```
 */
export const tilt = (reference: Model, reward: Table, options: { readonly temperature: number }): Table => {
  const { temperature } = options;
  if (!(temperature > 0 && temperature < Infinity)) {
    throw new RangeError(`"temperature" must be a finite number > 0, got ${String(temperature)}`);
  }
  expectKind(reward, "reward");
  const { space, levels } = policy(reference);
  checkSameSpace(space, reward.space);
  const tilted = byDepth(
    space.horizon,
    (depth) => [levels[depth], reward.levels[depth], space.layer(depth)],
    (depth) => {
      const level = reward.levels[depth] as Float64Array;
      const logPolicy = levels[depth] as Float64Array;
      return logPolicy.map((p, arc) => (p === -Infinity ? p : (level[arc] as number) / temperature + p));
    },
  );
  return tableOf(space, "reward", tilted);
};
