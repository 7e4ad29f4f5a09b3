import { type RandomGenerator, uniform } from "../../../bellman/index.ts";
import { softmaxRow } from "../objectives/softmax-row.ts";
import type { StudentView } from "./student.ts";

/** A view's policy, worked out state by state as they are asked for. */
export interface RowPolicy {
  /** `log π(a|s)`, in nats, `[arcs]`, of the states asked for. */
  readonly logPolicy: Float64Array;
  /** `π(a|s)`, `[arcs]`, of the states asked for. */
  readonly policy: Float64Array;
  /** The soft value of a state, in nats; 0 where responses have ended. */
  value(state: number): number;
}

/** The policy of a view, of which large spaces need but a few states. */
export const rowPolicy = ({ graph, live, logits }: Pick<StudentView, "graph" | "live" | "logits">): RowPolicy => {
  const logPolicy = new Float64Array(graph.arcs);
  const policy = new Float64Array(graph.arcs);
  const values = new Float64Array(graph.states + 1);
  const known = new Uint8Array(graph.states + 1);
  known[graph.states] = 1;
  return {
    logPolicy,
    policy,
    value: (state) => {
      if (known[state] === 0) {
        values[state] = softmaxRow(graph, live, state, logits, logPolicy, policy);
        known[state] = 1;
      }
      return values[state] as number;
    },
  };
};

/** Draws an arc of a state from its policy. */
export const drawArc = (
  { firstArcs }: Pick<StudentView["graph"], "firstArcs">,
  { policy, value }: RowPolicy,
  state: number,
  random: RandomGenerator,
): number => {
  value(state);
  const end = firstArcs[state + 1] as number;
  let left = uniform(random);
  let last = -1;
  for (let arc = firstArcs[state] as number; arc < end; arc++) {
    const probability = policy[arc] as number;
    if (probability === 0) continue;
    if (left < probability) return arc;
    left -= probability;
    last = arc;
  }
  return last;
};
