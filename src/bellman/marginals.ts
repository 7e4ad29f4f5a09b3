import { END } from "../space/index.ts";
import { armOf } from "./arm.ts";
import { policyRow } from "./policy-row.ts";
import type { Model } from "./soft-bellman.ts";

/**
 * Probability that a response passes through each state, one array `[states]` per depth.
 *
 * Forward in depth: `μ_0(start) = 1`, `μ_{t+1}(s′) = Σ_{(s,a) → s′} μ_t(s)·π(a|s)`. A depth sums to the probability that
 * the response is still going there.
 *
 * @throws EmptyModelError where no response has positive probability
 */
export const visits = (model: Model): Float64Array[] => forward(model).states;

/**
 * Probability that a response follows each arc, `μ(s)·π(a|s)`, one array per depth, laid out as a table's levels.
 *
 * These are the gradients of `log Z` by the rewards (forward–backward).
 *
 * @throws EmptyModelError where no response has positive probability
 * @example
 * ```ts
 * import { arcMarginals, table, tree } from "arbel";
 * const space = tree({ tokens: ["a", "b"], horizon: 2, eos: false });
 * const fair = table(space, "reward", () => 0);
 * console.log(arcMarginals(fair)[1]); // Float64Array(4) [ 0.25, 0.25, 0.25, 0.25 ]
 * ```
 */
export const arcMarginals = (model: Model): Float64Array[] => forward(model, true).arcs;

const forward = (model: Model, withArcs = false): { states: Float64Array[]; arcs: Float64Array[] } => {
  const arm = armOf(model);
  const { space } = arm.logits;
  const states: Float64Array[] = [];
  const arcs: Float64Array[] = [];
  const row = policyRow(arm);
  let visit = new Float64Array(space.layer(0).states);
  visit[space.start] = 1;
  for (let depth = 0; depth < space.horizon; depth++) {
    const layer = space.layer(depth);
    const next = new Float64Array(depth + 1 < space.horizon ? space.layer(depth + 1).states : 0);
    const flow = new Float64Array(withArcs ? layer.arcs : 0);
    for (let state = 0; state < layer.states; state++) {
      const mass = visit[state] as number;
      if (mass === 0 || !row.read(depth, state)) continue;
      const first = layer.firstArc(state);
      const end = layer.firstArc(state + 1);
      for (let arc = first; arc < end; arc++) {
        const probability = mass * (row.probability[arc - first] as number);
        if (withArcs) flow[arc] = probability;
        const target = layer.target(arc, state);
        if (target !== END) next[target] = (next[target] as number) + probability;
      }
    }
    states.push(visit);
    arcs.push(flow);
    visit = next;
  }
  return { states, arcs };
};
