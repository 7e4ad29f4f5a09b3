import { type Arm, type Model, rewardOf, toLogits } from "../../../bellman/index.ts";
import { type FlatSpace, flatNumbers, flatten } from "../../flat-space.ts";
import { softmaxRow } from "./softmax-row.ts";

/** A target as flat arrays over the arcs and states of its space. */
export interface LaidTarget {
  readonly flat: FlatSpace;
  readonly arm: Arm;
  /** 1 for an arc that some response of the target takes, `[arcs]`. */
  readonly live: Uint8Array;
  /** `r(s,a)`, in nats, `[arcs]`. */
  readonly reward: Float64Array;
  /** `log π*(a|s)`, in nats, `[arcs]`; −∞ where not live. */
  readonly logPolicy: Float64Array;
  /** `π*(a|s)`, `[arcs]`. */
  readonly policy: Float64Array;
  /** `log Z`, in nats. */
  readonly logPartition: number;
}

/**
 * Lays a target out flat.
 *
 * @throws EmptyModelError where no response has positive probability
 */
export const layTarget = (target: Model): LaidTarget => {
  const table = rewardOf(target);
  const arm = toLogits(table);
  const flat = flatten(table.space);
  const logits = flatNumbers(flat, arm.logits);
  const live = liveArcs(flat, logits);
  const [logPolicy, policy] = [new Float64Array(flat.arcs), new Float64Array(flat.arcs)];
  for (let state = 0; state < flat.states; state++) softmaxRow(flat, live, state, logits, logPolicy, policy);
  return { flat, arm, live, reward: flatNumbers(flat, table), logPolicy, policy, logPartition: arm.logPartition };
};

/** Arcs that are reached and lead on: M gives −∞ to those into states that cannot finish. */
const liveArcs = (flat: FlatSpace, logits: Float64Array): Uint8Array => {
  const live = new Uint8Array(flat.arcs);
  const reached = new Uint8Array(flat.states + 1);
  reached[flat.start] = 1;
  for (let state = 0; state < flat.states; state++) {
    if (reached[state] === 0) continue;
    const end = flat.firstArcs[state + 1] as number;
    for (let arc = flat.firstArcs[state] as number; arc < end; arc++) {
      if (flat.allowed[arc] === 0 || logits[arc] === -Infinity) continue;
      live[arc] = 1;
      reached[flat.targets[arc] as number] = 1;
    }
  }
  return live;
};
