import { arcsOf, emptyLevel, type Table } from "../space/index.ts";
import { armOf } from "./arm.ts";
import { byDepth } from "./by-depth.ts";
import { expectKind } from "./expect-kind.ts";
import { policyRow } from "./policy-row.ts";
import type { Model } from "./soft-bellman.ts";

/**
 * The policy of a model, `log π(a|s) = q(s,a) − V_q(s)`, as a logits table of its space, in nats.
 *
 * Every row's probabilities sum to 1, so all soft values of the result are 0, and its reward under M⁻¹ is the policy
 * itself (theory §4).
 *
 * @throws EmptyModelError where no response has positive probability
 */
export const policy = (model: Model): Table => {
  const arm = armOf(model);
  const { space } = arm.logits;
  const row = policyRow(arm);
  const levels = byDepth(
    space.horizon,
    (depth) => [arm.logits.levels[depth], space.layer(depth)],
    (depth) => {
      const layer = space.layer(depth);
      const out = emptyLevel(space, depth);
      for (let state = 0; state < layer.states; state++) {
        row.read(depth, state);
        const first = layer.firstArc(state);
        out.set(row.logPolicy.subarray(0, layer.firstArc(state + 1) - first), first);
      }
      return out;
    },
  );
  return { space, kind: "logits", levels };
};

/**
 * Log-probability of one response, `log p(y) = Σ_t log π(y_t|s_t)`, in nats; −∞ where the space does not hold it.
 *
 * Costs `O(V·T)` for an {@link Arm}; a table is swept first, so make the arm once for many responses.
 *
 * @example
 * ```ts
 * import { logProbability, table, toLogits, tree } from "arbel";
 * const arm = toLogits(table(tree({ tokens: 2, horizon: 3, eos: false }), "reward", () => 0));
 * console.log(logProbability(arm, [0, 1, 1])); // -2.0794415416798357
 * ```
 */
export const logProbability = (model: Model, response: ArrayLike<number>): number => {
  const arm = armOf(model);
  const { space } = arm.logits;
  const arcs = arcsOf(space, response);
  if (!arcs) return -Infinity;
  const row = policyRow(arm);
  let [logProbability, state] = [0, space.start];
  arcs.forEach((arc, depth) => {
    const layer = space.layer(depth);
    row.read(depth, state);
    logProbability += row.logPolicy[arc - layer.firstArc(state)] as number;
    state = layer.target(arc, state);
  });
  return logProbability;
};

/** Reward of one response, `R(y) = Σ_t r(s_t, y_t)`, in nats; −∞ where the space does not hold it. */
export const score = (reward: Table, response: ArrayLike<number>): number => {
  expectKind(reward, "reward");
  const arcs = arcsOf(reward.space, response);
  if (!arcs) return -Infinity;
  return arcs.reduce((sum, arc, depth) => sum + ((reward.levels[depth] as Float64Array)[arc] as number), 0);
};
