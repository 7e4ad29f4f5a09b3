import { checkSameSpace, END, type Table } from "../space/index.ts";
import { expectKind } from "./expect-kind.ts";
import { softValues } from "./soft-bellman.ts";

/**
 * Soft Bellman residuals `e(s,a) = r(s,a) + V_q(s⊕a) − q(s,a)`, without the value where `a` ends the response; one array per
 * depth, laid out as a table's levels, in nats.
 *
 * They vanish exactly when `q = M(r)`, and add up along a response to `Δ(y) = R(y) − R_{M⁻¹(q)}(y)`. Where logits and reward both
 * forbid an action the residual is 0; where one does, it is infinite. Source: theory §3, §6.4.
 *
 * @param logits a table of kind `"logits"`
 * @param reward a table of kind `"reward"` on the same space
 * @throws TypeError where the kinds are others; RangeError where the spaces differ
 * @example
 * ```ts
 * import { residuals, table, toLogits, tree } from "arbel";
 * const reward = table(tree({ tokens: 2, horizon: 3, eos: true }), "reward", (prefix, action) => prefix.length * action);
 * const { logits } = toLogits(reward);
 * console.log(residuals(logits, reward).every((level) => level.every((e) => Math.abs(e) < 1e-14))); // true
 * ```
 */
export const residuals = (logits: Table, reward: Table): Float64Array[] => {
  expectKind(logits, "logits");
  expectKind(reward, "reward");
  const { space } = logits;
  checkSameSpace(space, reward.space);
  const values = softValues(logits);
  return logits.levels.map((level, depth) => {
    const layer = space.layer(depth);
    const rewards = reward.levels[depth] as Float64Array;
    const next = values[depth + 1];
    const out = new Float64Array(level.length);
    for (let state = 0; state < layer.states; state++) {
      const end = layer.firstArc(state + 1);
      for (let arc = layer.firstArc(state); arc < end; arc++) {
        const target = layer.target(arc, state);
        const ahead = target === END ? 0 : ((next as Float64Array)[target] as number);
        const backedUp = (rewards[arc] as number) + ahead;
        const q = level[arc] as number;
        out[arc] = backedUp === q ? 0 : backedUp - q; // −∞ − −∞ would be NaN
      }
    }
    return out;
  });
};
