import { kl, type Model, policy } from "../../bellman/index.ts";
import { drawBatch, type ResponseBatch, reverseKl } from "../../learn/index.ts";
import { checkSameSpace, type Space, type Table } from "../../space/index.ts";

/** Three models as flat arrays over the arcs of their space, all depths in one numbering. */
export interface Setting {
  readonly space: Space;
  /** The student `θ`, whose logits are differentiated, as `log π`, in nats. */
  readonly student: Table;
  /** Who drew off-policy data, as `log π`, in nats. */
  readonly behaviour: Table;
  /** First arc of each arc's state, `[arcs]`. */
  readonly begins: Int32Array;
  /** One past the last arc of each arc's state, `[arcs]`. */
  readonly ends: Int32Array;
  /** `π_θ(a|s)`, `[arcs]`. */
  readonly policy: Float64Array;
  /** `log π_θ(a|s) − log ρ(a|s)`, in nats, `[arcs]`; 0 where both are 0. */
  readonly logRatios: Float64Array;
  /** `log π_θ(a|s) − log π_μ(a|s)` against the behaviour, in nats, `[arcs]`. */
  readonly logWeights: Float64Array;
  /** `KL(π_θ(·|s)‖ρ(·|s))` of each arc's state, in nats, `[arcs]`. */
  readonly full: Float64Array;
  /** `KL(p_θ‖ρ)` of whole responses, in nats. */
  readonly kl: number;
  /** `KL(ρ‖p_θ)`, in nats. */
  readonly forwardKl: number;
  /** `KL(p_θ‖μ)` to the behaviour, in nats. */
  readonly behaviourKl: number;
  /** The gradient of `kl` by the student's logits, `[arcs]`. */
  readonly gradient: Float64Array;
}

/**
 * Lays the models out.
 *
 * @throws RangeError where their spaces differ, or one allows what another forbids
 */
export const settingOf = (models: {
  readonly student: Model;
  readonly reference: Model;
  readonly behaviour: Model;
}): Setting => {
  const tables = [models.student, models.reference, models.behaviour].map(policy) as [Table, Table, Table];
  const { space } = tables[0];
  for (const table of tables) checkSameSpace(space, table.space);
  const [ofStudent, ofReference, ofBehaviour] = tables.map(flatOf) as [Float64Array, Float64Array, Float64Array];
  checkSupport(ofStudent, [ofReference, ofBehaviour]);
  const probabilities = ofStudent.map(Math.exp);
  const logRatios = differences(ofStudent, ofReference);
  const { begins, ends } = rowsOf(space);
  return {
    space,
    student: tables[0],
    behaviour: tables[2],
    begins,
    ends,
    policy: probabilities,
    logRatios,
    logWeights: differences(ofStudent, ofBehaviour),
    full: fullOf(begins, ends, probabilities, logRatios),
    kl: kl(tables[0], tables[1]),
    forwardKl: kl(tables[1], tables[0]),
    behaviourKl: kl(tables[0], tables[2]),
    gradient: reverseKl(tables[1]).gradient(ofStudent),
  };
};

/** Independent batches of one model's responses. */
export const drawBatches = (
  model: Table,
  options: { readonly batch: number; readonly draws: number; readonly seed: number },
): ResponseBatch[] =>
  Array.from({ length: options.draws }, (_, step) => drawBatch(model, options.batch, { seed: options.seed, step }));

const flatOf = ({ levels }: Table): Float64Array => {
  const out = new Float64Array(levels.reduce((sum, level) => sum + level.length, 0));
  let offset = 0;
  for (const level of levels) {
    out.set(level, offset);
    offset += level.length;
  }
  return out;
};

const rowsOf = (space: Space) => {
  const [begins, ends]: [number[], number[]] = [[], []];
  for (let depth = 0; depth < space.horizon; depth++) {
    const layer = space.layer(depth);
    const offset = begins.length;
    for (let state = 0; state < layer.states; state++) {
      const [begin, end] = [layer.firstArc(state), layer.firstArc(state + 1)];
      for (let arc = begin; arc < end; arc++) {
        begins.push(offset + begin);
        ends.push(offset + end);
      }
    }
  }
  return { begins: Int32Array.from(begins), ends: Int32Array.from(ends) };
};

const differences = (x: Float64Array, y: Float64Array): Float64Array =>
  x.map((value, i) => (value === -Infinity ? 0 : value - (y[i] as number)));

const fullOf = (begins: Int32Array, ends: Int32Array, probabilities: Float64Array, logRatios: Float64Array) => {
  const full = new Float64Array(begins.length);
  for (let begin = 0; begin < full.length; begin = ends[begin] as number) {
    const end = ends[begin] as number;
    let sum = 0;
    for (let arc = begin; arc < end; arc++) sum += (probabilities[arc] as number) * (logRatios[arc] as number);
    full.fill(sum, begin, end);
  }
  return full;
};

const checkSupport = (student: Float64Array, others: readonly Float64Array[]): void => {
  for (const other of others) {
    const arc = student.findIndex((logP, i) => (logP === -Infinity) !== (other[i] === -Infinity));
    if (arc >= 0) {
      throw new RangeError(
        `the student, the reference and the behaviour must allow the same actions: they differ on arc ${arc}`,
      );
    }
  }
};
