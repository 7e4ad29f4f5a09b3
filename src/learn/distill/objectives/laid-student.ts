import type { Table } from "../../../space/index.ts";
import { tableOfFlat } from "../../flat-space.ts";
import type { LaidTarget } from "./laid-target.ts";
import { softmaxRow } from "./softmax-row.ts";

/** A student's policy and soft values as flat arrays. */
export interface LaidStudent {
  /** `log π(a|s)`, in nats, `[arcs]`; −∞ where the target takes no arc. */
  readonly logPolicy: Float64Array;
  /** `π(a|s)`, `[arcs]`. */
  readonly policy: Float64Array;
  /** `V_q(s)`, in nats, `[states + 1]`: 0 at the sink, where responses have ended. */
  readonly values: Float64Array;
}

/**
 * Reads a student's logits.
 *
 * @param size number of parameters, at least one per arc
 * @throws RangeError where their number is another, or one on an arc that the target takes is not finite
 */
export const layStudent = ({ flat, live }: LaidTarget, student: Float64Array, size: number): LaidStudent => {
  if (student.length !== size) {
    throw new RangeError(`the student must hold ${size} parameters for this objective, got ${student.length}`);
  }
  for (let i = 0; i < size; i++) {
    if (!Number.isFinite(student[i]) && (i >= flat.arcs || live[i] === 1)) {
      throw new RangeError(
        `parameter ${i} of the student must be a finite number, since responses of the target need it, got ${student[i]}`,
      );
    }
  }
  const logPolicy = new Float64Array(flat.arcs);
  const policy = new Float64Array(flat.arcs);
  const values = new Float64Array(flat.states + 1);
  for (let state = 0; state < flat.states; state++) {
    values[state] = softmaxRow(flat, live, state, student, logPolicy, policy);
  }
  return { logPolicy, policy, values };
};

/** What all objectives have in common. */
export const commonOf = (laid: LaidTarget, extra = 0) => {
  const { flat, live, arm } = laid;
  const masked = (numberOf: (arc: number) => number) =>
    Float64Array.from({ length: flat.arcs }, (_, arc) => (live[arc] === 1 ? numberOf(arc) : -Infinity));
  return {
    size: flat.arcs + extra,
    target: arm,
    initial: (): Float64Array => {
      const parameters = new Float64Array(flat.arcs + extra);
      parameters.set(masked(() => 0));
      return parameters;
    },
    table: (student: Float64Array): Table =>
      tableOfFlat(
        flat,
        "logits",
        masked((arc) => student[arc] as number),
      ),
  };
};
