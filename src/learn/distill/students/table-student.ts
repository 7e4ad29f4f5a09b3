import { tableOfFlat } from "../../flat-space.ts";
import type { NumberTensor, NumberTensors } from "../../number-tensor.ts";
import { drawGenerator } from "../../risks/draw.ts";
import type { Draw } from "../../risks/risk.ts";
import type { Rows } from "../../risks/rows.ts";
import type { ResponseBatch } from "../objectives/response-batch.ts";
import type { TableTarget } from "../scored-target.ts";
import { type Layout, liveArc } from "./layout.ts";
import { drawArc, rowPolicy } from "./row-policy.ts";
import type { ResponseView, Student, StudentRun } from "./student.ts";
import { studentOptimiser } from "./student-optimiser.ts";

/** A student that is a table, some of whose arcs may share a parameter. */
export interface TableStudentOptions {
  readonly kind: Student["kind"];
  readonly name: string;
  readonly layout: Layout;
  readonly target?: TableTarget;
  /** Name and first numbers of its parameters; they are copied. */
  readonly parameter: { readonly name: string; readonly initial: NumberTensor };
  /** Which parameter is the logit of each arc, `[arcs]`. */
  readonly parameterOf: Int32Array;
  readonly run: StudentRun;
}

/**
 * Largest learning rates by default: as for tabular models on exact risks; and where gradients scatter, with which on V=8, T=4 and 256
 * responses a step the divergence after 2,000 steps is a hundredth to a thousandth of what 0.2 leaves.
 */
const LEARNING_RATE = { exact: 0.2, noisy: 0.05 } as const;

/** A student in float64. */
export const tableStudent = (options: TableStudentOptions): Student => {
  const { kind, name, layout, target, parameter, parameterOf, run } = options;
  const { flat, live } = layout;
  const { shape } = parameter.initial;
  const initial = { [parameter.name]: parameter.initial };
  const optimiser = studentOptimiser(initial, {
    run,
    learningRate: LEARNING_RATE[run.noisy ? "noisy" : "exact"],
    clip: Infinity,
  });
  const numbers = optimiser.view(parameter.name);
  const logits = () =>
    Float64Array.from(parameterOf, (index, arc) => (live[arc] === 1 ? (numbers[index] as number) : -Infinity));
  const pull = (cotangent: Float64Array): Promise<NumberTensors> => {
    const gradient = new Float64Array(numbers.length);
    for (let arc = 0; arc < flat.arcs; arc++) {
      const index = parameterOf[arc] as number;
      if (live[arc] === 1) gradient[index] = (gradient[index] as number) + (cotangent[arc] as number);
    }
    return Promise.resolve({ [parameter.name]: { shape, data: gradient } });
  };
  const view = () => ({
    graph: flat,
    live,
    logits: logits(),
    closed: true,
    pull,
    ...(layout.rewards ? { rewards: layout.rewards } : {}),
  });
  return {
    kind,
    name,
    space: flat.space,
    parameterCount: numbers.length,
    ...(target ? { target } : {}),
    table: () => Promise.resolve(tableOfFlat(flat, "logits", logits())),
    parameters: () => Promise.resolve({ [parameter.name]: { shape, data: numbers.slice() } }),
    whole: () => Promise.resolve(view()),
    draw: (count, draw) => {
      const of = view();
      return Promise.resolve({ ...of, ...drawn(layout, of.logits, count, draw) });
    },
    along: (rows, logProposal) =>
      new Promise((resolve) => resolve({ ...view(), rows, batch: batchAlong(layout, rows, logProposal) })),
    descend: (gradient) => Promise.resolve(optimiser.descend(gradient)),
    state: () => Promise.resolve(optimiser.state()),
    restore: optimiser.restore,
    dispose: () => Promise.resolve(),
  };
};

/** Responses of the logits, by their arcs. */
const drawn = (
  { flat, live, actions }: Layout,
  logits: Float64Array,
  count: number,
  draw: Draw,
): Pick<ResponseView, "rows" | "batch"> => {
  const random = drawGenerator(draw);
  const { horizon } = flat.space;
  const policy = rowPolicy({ graph: flat, live, logits });
  const rows: Rows = { count, horizon, tokens: new Int32Array(count * horizon), lengths: new Int32Array(count) };
  const arcs = new Int32Array(count * horizon);
  const offsets = new Int32Array(count + 1);
  const logProposal = new Float64Array(count);
  let used = 0;
  for (let row = 0; row < count; row++) {
    const first = used;
    for (let state = flat.start; state !== flat.states; ) {
      const arc = drawArc(flat, policy, state, random);
      rows.tokens[row * horizon + used - first] = actions[arc] as number;
      logProposal[row] = (logProposal[row] as number) + (policy.logPolicy[arc] as number);
      arcs[used++] = arc;
      state = flat.targets[arc] as number;
    }
    rows.lengths[row] = used - first;
    offsets[row + 1] = used;
  }
  return { rows, batch: { count, spaceArcs: flat.arcs, arcs: arcs.subarray(0, used), offsets, logProposal } };
};

/** Given responses, by their arcs. */
const batchAlong = (layout: Layout, rows: Rows, logProposal?: Float64Array): ResponseBatch => {
  const { flat } = layout;
  const { count, horizon } = rows;
  const arcs: number[] = [];
  const offsets = new Int32Array(count + 1);
  for (let row = 0; row < count; row++) {
    let state = flat.start;
    for (let depth = 0; depth < (rows.lengths[row] as number); depth++) {
      const action = rows.tokens[row * horizon + depth] as number;
      const arc = state === flat.states ? -1 : liveArc(layout, state, action);
      if (arc < 0) {
        throw new RangeError(
          `response ${row} takes action ${action} at place ${depth}, which no response of the target does: ` +
            "leave such responses out, or draw from a model conditioned on the target's support",
        );
      }
      arcs.push(arc);
      state = flat.targets[arc] as number;
    }
    if (state !== flat.states)
      throw new RangeError(`response ${row} ends after ${rows.lengths[row]} actions, too early`);
    offsets[row + 1] = arcs.length;
  }
  const batch = { count, spaceArcs: flat.arcs, arcs: Int32Array.from(arcs), offsets };
  return logProposal ? { ...batch, logProposal } : batch;
};
