import { type Model, sample } from "../../../bellman/index.ts";
import { arcsOf, type Space, textOf } from "../../../space/index.ts";
import { drawGenerator } from "../../risks/draw.ts";
import type { Draw } from "../../risks/risk.ts";

/** Responses to learn from, by the arcs they take. */
export interface ResponseBatch {
  readonly count: number;
  /** Arcs of the space, all its depths in one numbering: what a student has one logit for. */
  readonly spaceArcs: number;
  /** Arcs of all responses, one response after the other. */
  readonly arcs: Int32Array;
  /** The arcs of response `i` are `arcs[offsets[i]] … arcs[offsets[i + 1] − 1]`, `[count + 1]`. */
  readonly offsets: Int32Array;
  /** `log μ(y)` under whatever drew the responses, in nats, `[count]`; absent where it is not known. */
  readonly logProposal?: Float64Array;
}

/**
 * A batch of given responses: a data set, a replay buffer, samples of another program.
 *
 * @param responses token indices of each, without EOS
 * @param logProposal `log μ(y)` of each, in nats, under what drew it; objectives that weigh responses need it
 * @throws RangeError where the space does not hold a response, or there are not as many numbers, or one is not finite
 * @example
 * ```ts
 * import { batchOf } from "arbel/learn";
 * import { tree } from "arbel";
 * const batch = batchOf(tree({ tokens: 2, horizon: 2, eos: false }), [[0, 1], [1, 1]]);
 * console.log(batch.arcs); // Int32Array(4) [0, 3, 1, 5]
 * ```
 */
export const batchOf = (
  space: Space,
  responses: readonly ArrayLike<number>[],
  logProposal?: Float64Array,
): ResponseBatch => {
  const count = responses.length;
  if (logProposal !== undefined) checkProposal(logProposal, count);
  const firsts = [0];
  for (let depth = 0; depth < space.horizon; depth++) {
    firsts.push((firsts[depth] as number) + space.layer(depth).arcs);
  }
  const offsets = new Int32Array(count + 1);
  const arcs: number[] = [];
  responses.forEach((response, i) => {
    const taken = arcsOf(space, response);
    if (!taken) throw new RangeError(`response ${i}, ${shown(space, response)}, is not in the space`);
    taken.forEach((arc, depth) => {
      arcs.push((firsts[depth] as number) + arc);
    });
    offsets[i + 1] = arcs.length;
  });
  const batch = { count, spaceArcs: firsts[space.horizon] as number, arcs: Int32Array.from(arcs), offsets };
  return logProposal === undefined ? batch : { ...batch, logProposal };
};

/**
 * Independent responses of a model; of the student's own table they are on-policy data, of another model off-policy.
 *
 * @param draw which random numbers: the same draw gives the same responses
 * @throws RangeError where the count is not a whole number ≥ 1; EmptyModelError
 */
export const drawBatch = (model: Model, count: number, draw: Draw): ResponseBatch => {
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new RangeError(`"count" must be a whole number ≥ 1, got ${String(count)}`);
  }
  const space = "logits" in model ? model.logits.space : model.space;
  const samples = sample(model, count, { seed: drawGenerator(draw).next() >>> 0 });
  const responses = Array.from({ length: count }, (_, i) => samples.response(i));
  return batchOf(space, responses, samples.logProbabilities);
};

const checkProposal = (logProposal: Float64Array, count: number): void => {
  if (logProposal.length !== count) {
    throw new RangeError(
      `"logProposal" must hold one number for each of ${count} responses, got ${logProposal.length}`,
    );
  }
  const wrong = logProposal.findIndex((x) => !Number.isFinite(x));
  if (wrong >= 0) {
    throw new RangeError(
      `"logProposal[${wrong}]" must be finite, as the response was drawn, got ${logProposal[wrong]}`,
    );
  }
};

const shown = (space: Space, response: ArrayLike<number>): string => {
  const tokens = Array.from(response);
  return tokens.every((token) => space.tokens[token] !== undefined)
    ? JSON.stringify(textOf(space, tokens))
    : `[${tokens.join(", ")}]`;
};
