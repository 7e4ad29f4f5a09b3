import { END, type Layer } from "../space/index.ts";
import { type PolicyRow, policyRow } from "./policy-row.ts";
import type { Arm } from "./soft-bellman.ts";
import { weigh } from "./weigh.ts";

/**
 * Expectation of a sum over the states a response passes, `E[Σ_t f(s_t)] = X(start)` with
 * `X(s) = f(s) + Σ_a π(a|s)·X(s⊕a)`. States that cannot finish are skipped, and so is what lies behind arcs of probability 0.
 */
export const expectState = (
  arm: Arm,
  term: (depth: number, state: number, layer: Layer, row: PolicyRow) => number,
): number => {
  const { space } = arm.logits;
  const row = policyRow(arm);
  let next = new Float64Array(0);
  for (let depth = space.horizon - 1; depth >= 0; depth--) {
    const layer = space.layer(depth);
    const out = new Float64Array(layer.states);
    for (let state = 0; state < layer.states; state++) {
      if (!row.read(depth, state)) continue;
      let sum = term(depth, state, layer, row);
      const first = layer.firstArc(state);
      const end = layer.firstArc(state + 1);
      for (let arc = first; arc < end; arc++) {
        const target = layer.target(arc, state);
        if (target === END) continue;
        sum += weigh(
          row.probability[arc - first] as number,
          row.logPolicy[arc - first] as number,
          next[target] as number,
        );
      }
      out[state] = sum;
    }
    next = out;
  }
  return next[space.start] as number;
};
