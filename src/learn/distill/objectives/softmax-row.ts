import type { FlatSpace } from "../../flat-space.ts";

/**
 * The policy of one state over its live arcs: writes `log π(a|s)` and `π(a|s)` `[arcs]`, −∞ and 0 on the others.
 *
 * @returns the state's soft value `V(s) = log Σ_a exp q(s,a)`, in nats; −∞ where no arc is live
 */
export const softmaxRow = (
  { firstArcs }: Pick<FlatSpace, "firstArcs">,
  live: Uint8Array,
  state: number,
  logits: Float64Array,
  logPolicy: Float64Array,
  policy: Float64Array,
): number => {
  const begin = firstArcs[state] as number;
  const end = firstArcs[state + 1] as number;
  let max = -Infinity;
  for (let arc = begin; arc < end; arc++) if (live[arc] === 1) max = Math.max(max, logits[arc] as number);
  let sum = 0;
  for (let arc = begin; arc < end; arc++) if (live[arc] === 1) sum += Math.exp((logits[arc] as number) - max);
  const logSum = Math.log(sum);
  for (let arc = begin; arc < end; arc++) {
    const logP = live[arc] === 1 ? (logits[arc] as number) - max - logSum : -Infinity;
    logPolicy[arc] = logP;
    policy[arc] = Math.exp(logP);
  }
  return max + logSum;
};
