import type { Arm } from "../../../bellman/index.ts";
import type { Table } from "../../../space/index.ts";
import type { ResponseBatch } from "./response-batch.ts";

/**
 * What a tabular student is trained on to become a target, `p_R(y) ∝ exp R(y)` (theory §9): exact on the whole space, or from
 * responses.
 *
 * A student is a flat array `[size]`: one logit `q(s,a)` per arc of the target's space, depth by depth, then what else the
 * objective learns. Arcs that no response of the target takes are not the student's to choose: its numbers there are not read,
 * count as −∞, and get gradient 0. All others must be finite.
 */
export interface Objective {
  /** Number of parameters. */
  readonly size: number;
  /** The target's model, `M(R)`: every objective's optimum in function space (theory §5, §9). */
  readonly target: Arm;
  /** Parameters of the uninformed student: 0, and −∞ on arcs that no response of the target takes. */
  initial(): Float64Array;
  /**
   * The exact value: nats of a divergence, squared nats of a squared residual; 0 at the optimum.
   *
   * @param held the student that what the gradient holds still is taken from: bootstrapped values, and on-policy the
   * distribution of responses; default the student itself
   */
  value(student: Float64Array, held?: Float64Array): number;
  /**
   * The exact gradient `[size]`, the derivative of `value(·, student)` at the student; or its estimate from responses.
   *
   * Whoever drew the responses, the batch says with what probability: that makes them on- or off-policy data.
   *
   * @throws RangeError where a parameter that counts is not finite, or the batch does not fit the space or the objective
   */
  gradient(student: Float64Array, batch?: ResponseBatch): Float64Array;
  /** The logits that the parameters are. */
  table(student: Float64Array): Table;
}
