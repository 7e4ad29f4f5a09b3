import type { LaidTarget } from "./laid-target.ts";
import type { ResponseBatch } from "./response-batch.ts";

/**
 * Checks that a batch can be learned from.
 *
 * @param options.proposal whether the objective weighs responses by what drew them
 * @param options.least fewest responses that an estimate can be made of
 * @throws RangeError where it is on another space, too small, or without the numbers it needs
 */
export const checkBatch = (
  { flat }: LaidTarget,
  batch: ResponseBatch,
  options: { readonly least?: number; readonly proposal?: boolean } = {},
): void => {
  const { least = 1, proposal = false } = options;
  if (batch.spaceArcs !== flat.arcs) {
    throw new RangeError(
      `the batch is from a space of ${batch.spaceArcs} arcs, the target's has ${flat.arcs}: draw it on the target's`,
    );
  }
  if (batch.count < least) throw new RangeError(`the batch must hold ≥ ${least} responses, got ${batch.count}`);
  if (proposal && batch.logProposal === undefined) {
    throw new RangeError(
      'this objective weighs responses by how they were drawn: give the batch "logProposal", their log-probabilities',
    );
  }
};

/** `Σ_t f(arc_t)` along each response, `[count]`. */
export const sumsAlong = (batch: ResponseBatch, numbers: Float64Array): Float64Array => {
  const sums = new Float64Array(batch.count);
  for (let i = 0; i < batch.count; i++) {
    const end = batch.offsets[i + 1] as number;
    let sum = 0;
    for (let place = batch.offsets[i] as number; place < end; place++) {
      sum += numbers[batch.arcs[place] as number] as number;
    }
    sums[i] = sum;
  }
  return sums;
};

/** Adds a weight of each response, `[count]`, to every arc it takes. */
export const addAlong = (batch: ResponseBatch, weights: Float64Array, flow: Float64Array): void => {
  for (let i = 0; i < batch.count; i++) {
    const end = batch.offsets[i + 1] as number;
    for (let place = batch.offsets[i] as number; place < end; place++) {
      const arc = batch.arcs[place] as number;
      flow[arc] = (flow[arc] as number) + (weights[i] as number);
    }
  }
};

/** @throws RangeError where the target forbids a response, so that its residual would be infinite */
export const checkPossible = ({ live }: LaidTarget, batch: ResponseBatch): void => {
  for (let i = 0; i < batch.count; i++) {
    for (let place = batch.offsets[i] as number; place < (batch.offsets[i + 1] as number); place++) {
      if (live[batch.arcs[place] as number] === 1) continue;
      throw new RangeError(
        `response ${i} of the batch has probability 0 under the target, so its residual is infinite: ` +
          "leave such responses out, or draw from a model conditioned on the target's support",
      );
    }
  }
};

/**
 * Weights of responses from their logarithms.
 *
 * @throws RangeError where one overflows: its response was drawn although it is all but impossible
 */
export const finiteWeights = (logWeights: Float64Array): Float64Array => {
  const weights = logWeights.map(Math.exp);
  const wrong = weights.findIndex((w) => !Number.isFinite(w));
  if (wrong >= 0) {
    throw new RangeError(
      `the weight of response ${wrong} of the batch overflows, its logarithm is ${logWeights[wrong]}: ` +
        'check "logProposal", or draw from a model that is closer',
    );
  }
  return weights;
};
