import { type Model, policy } from "../../../bellman/index.ts";
import { checkSameSpace } from "../../../space/index.ts";
import { flatNumbers } from "../../flat-space.ts";
import type { LaidTarget } from "./laid-target.ts";

/**
 * Whose responses a squared residual is averaged over: `"uniform"` takes every action that the target allows equally often,
 * `"student"` is on-policy (the gradient holds it still), and a model is itself.
 */
export type Behaviour = "uniform" | "student" | Model;

/**
 * A behaviour's policy `[arcs]`, and `"student"` as it is.
 *
 * @throws RangeError where it is on another space, or takes arcs that no response of the target does
 */
export const behaviourPolicy = (laid: LaidTarget, behaviour: Behaviour): Float64Array | "student" => {
  if (behaviour === "student") return behaviour;
  if (behaviour === "uniform") return uniformPolicy(laid);
  if (typeof behaviour === "string") {
    throw new RangeError(`"behaviour" must be "uniform", "student" or a model, got ${JSON.stringify(behaviour)}`);
  }
  const table = policy(behaviour);
  checkSameSpace(laid.arm.logits.space, table.space);
  const probabilities = flatNumbers(laid.flat, table).map(Math.exp);
  checkSupport(laid, probabilities);
  return probabilities;
};

const uniformPolicy = ({ flat, live }: LaidTarget): Float64Array => {
  const probabilities = new Float64Array(flat.arcs);
  for (let state = 0; state < flat.states; state++) {
    const [begin, end] = [flat.firstArcs[state] as number, flat.firstArcs[state + 1] as number];
    const count = live.subarray(begin, end).reduce((sum, one) => sum + one, 0);
    for (let arc = begin; arc < end; arc++) probabilities[arc] = live[arc] === 1 ? 1 / count : 0;
  }
  return probabilities;
};

/** From the start along live arcs, no other arc may be taken: residuals there are infinite. */
const checkSupport = ({ flat, live }: LaidTarget, probabilities: Float64Array): void => {
  const reached = new Uint8Array(flat.states + 1);
  reached[flat.start] = 1;
  for (let state = 0; state < flat.states; state++) {
    if (reached[state] === 0) continue;
    for (let arc = flat.firstArcs[state] as number; arc < (flat.firstArcs[state + 1] as number); arc++) {
      if (probabilities[arc] === 0) continue;
      if (live[arc] === 0) {
        throw new RangeError(
          "the behaviour gives probability to responses that the target forbids, where the residual is infinite: " +
            "condition it on the target's support",
        );
      }
      reached[flat.targets[arc] as number] = 1;
    }
  }
};
