import type { Model } from "../../../bellman/index.ts";
import type { Objective } from "./objective.ts";
import { drawBatch } from "./response-batch.ts";
import { vectorMoments } from "./vector-moments.ts";

/** An objective's sampled gradient beside its exact one, number by number. */
export interface MeasuredGradient {
  /** The exact gradient, `[size]`. */
  readonly exact: Float64Array;
  /** Mean of the sampled gradients, `[size]`. */
  readonly mean: Float64Array;
  /** Standard errors of the means, `[size]`. */
  readonly standardError: Float64Array;
  /** Standard deviations of one sampled gradient, `[size]`. */
  readonly standardDeviation: Float64Array;
}

/**
 * Bias and scatter of an objective's sampled gradient at one student, from many independent batches.
 *
 * Where the estimate is unbiased, `mean − exact` is a few standard errors at most.
 *
 * @param options.from what draws the responses: `"student"` (default) or another model
 * @param options.count responses in a batch
 * @param options.draws batches, at least 2
 * @throws RangeError where the numbers are too small
 * @example
 * ```ts
 * import { measureGradient, reverseKl, zipfTarget } from "arbel/learn";
 * import { tree } from "arbel";
 * const objective = reverseKl(zipfTarget(tree({ tokens: 2, horizon: 2, eos: false }), { seed: 7 }));
 * const { exact, mean, standardError } = measureGradient(objective, objective.initial(), { count: 8, draws: 500, seed: 1 });
 * console.log(exact.every((g, i) => Math.abs(mean[i]! - g) <= 5 * standardError[i]!)); // true
 * ```
 */
export const measureGradient = (
  objective: Objective,
  student: Float64Array,
  options: {
    readonly from?: "student" | Model;
    readonly count: number;
    readonly draws: number;
    readonly seed: number;
  },
): MeasuredGradient => {
  const { from = "student", count, draws, seed } = options;
  if (!Number.isSafeInteger(draws) || draws < 2) {
    throw new RangeError(`"draws" must be a whole number ≥ 2, got ${String(draws)}`);
  }
  const model = from === "student" ? objective.table(student) : from;
  const moments = vectorMoments(objective.size);
  for (let step = 0; step < draws; step++) {
    moments.add(objective.gradient(student, drawBatch(model, count, { seed, step })));
  }
  const variance = moments.variance();
  return {
    exact: objective.gradient(student),
    mean: moments.mean(),
    standardError: variance.map((v) => Math.sqrt(v / draws)),
    standardDeviation: variance.map(Math.sqrt),
  };
};
