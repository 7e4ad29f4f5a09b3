import type { FlatSpace } from "../../flat-space.ts";

/**
 * `Σ_{s,a} f(s,a)·∇ log π(a|s)` by the logits, in place: `f(s,a) − π(a|s)·Σ_b f(s,b)`.
 *
 * @param flow `f`, `[arcs]` at least: becomes the gradient; what stands after the arcs stays
 * @param policy `π(a|s)`, `[arcs]`
 */
export const scoreGradient = (
  { states, firstArcs }: Pick<FlatSpace, "states" | "firstArcs">,
  policy: Float64Array,
  flow: Float64Array,
) => {
  for (let state = 0; state < states; state++) {
    const begin = firstArcs[state] as number;
    const end = firstArcs[state + 1] as number;
    let sum = 0;
    for (let arc = begin; arc < end; arc++) sum += flow[arc] as number;
    if (sum === 0) continue;
    for (let arc = begin; arc < end; arc++) flow[arc] = (flow[arc] as number) - sum * (policy[arc] as number);
  }
  return flow;
};

/** Probability that a response drawn from a policy passes each state, `[states + 1]`, forward in depth. */
export const visitsOf = ({ states, start, firstArcs, targets }: FlatSpace, policy: Float64Array): Float64Array => {
  const visits = new Float64Array(states + 1);
  visits[start] = 1;
  for (let state = 0; state < states; state++) {
    const visit = visits[state] as number;
    if (visit === 0) continue;
    const end = firstArcs[state + 1] as number;
    for (let arc = firstArcs[state] as number; arc < end; arc++) {
      const target = targets[arc] as number;
      visits[target] = (visits[target] as number) + visit * (policy[arc] as number);
    }
  }
  return visits;
};

/**
 * Expected sum to go `m(s) = Σ_a π(a|s)·(c(s,a) + m(s⊕a))` of a cost along responses drawn from a policy, `[states + 1]`.
 *
 * Arcs of probability 0 are skipped, so the cost may be infinite there.
 */
export const costToGo = (
  { states, firstArcs, targets }: FlatSpace,
  policy: Float64Array,
  cost: (arc: number) => number,
): Float64Array => {
  const ahead = new Float64Array(states + 1);
  for (let state = states - 1; state >= 0; state--) {
    const end = firstArcs[state + 1] as number;
    let sum = 0;
    for (let arc = firstArcs[state] as number; arc < end; arc++) {
      const p = policy[arc] as number;
      if (p > 0) sum += p * (cost(arc) + (ahead[targets[arc] as number] as number));
    }
    ahead[state] = sum;
  }
  return ahead;
};
