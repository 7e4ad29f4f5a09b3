import { kl, type Model } from "../../../bellman/index.ts";
import type { Table } from "../../../space/index.ts";
import { type Adam, adam, cosineRate } from "../../adam.ts";
import type { Objective } from "./objective.ts";
import { drawBatch } from "./response-batch.ts";

/** One step of a distillation. */
export interface DistillStep {
  /** Steps made so far; 0 is the uninformed student. */
  readonly step: number;
  /** Responses drawn so far; 0 with exact expectations. */
  readonly samples: number;
  /** The objective's exact value, whatever the gradients are from. */
  readonly value: number;
  /** Exact divergences, in nats: `forward` is `KL(p_R‖p_θ)`, `reverse` is `KL(p_θ‖p_R)`. */
  readonly kl: { readonly forward: number; readonly reverse: number };
  /** A copy of the student's logits as they are now. */
  table(): Table;
  /** A copy of all parameters. */
  parameters(): Float64Array;
}

/** How a distillation runs. */
export interface DistillOptions {
  /** Number of Adam steps (default 3,000). */
  readonly steps?: number;
  /** Steps between yields (default 1). */
  readonly every?: number;
  /** Default Adam at a learning rate of 0.2 falling to 0 along half a cosine. */
  readonly optimiser?: Adam;
  /** The student to start from (default the uninformed one); it is copied. */
  readonly start?: Float64Array;
  /** Responses drawn anew for every step, from the student itself or another model; exact expectations without. */
  readonly samples?: { readonly count: number; readonly seed: number; readonly from?: "student" | Model };
}

/**
 * Trains a tabular student on any objective by Adam, with exact expectations or on samples.
 *
 * Yields before the first step, after every `every` steps and after the last, with the exact divergences. Source: theory §9.
 *
 * @throws RangeError where steps or samples are not whole numbers ≥ 1, or a batch is one the objective refuses
 * @example
 * ```ts
 * import { distillTabular, reverseKl, zipfTarget } from "arbel/learn";
 * import { tree } from "arbel";
 * const target = zipfTarget(tree({ tokens: 3, horizon: 3, eos: true }), { seed: 7 });
 * let last;
 * for (const step of distillTabular(reverseKl(target), { steps: 1000, every: 250 })) last = step;
 * console.log(last!.kl.reverse < 1e-6); // true
 * ```
 */
export function* distillTabular(
  objective: Objective,
  options: DistillOptions = {},
): Generator<DistillStep, void, void> {
  const { steps = 3000, every = 1, optimiser = adam(cosineRate(0.2, steps)), samples } = options;
  checkCount("steps", steps);
  checkCount("every", every);
  if (samples) checkCount("samples.count", samples.count);
  const parameters = (options.start ?? objective.initial()).slice();
  const state = optimiser.start(objective.size);
  for (let step = 0; ; step++) {
    if (step % every === 0 || step === steps) yield progress(objective, parameters, step, step * (samples?.count ?? 0));
    if (step === steps) return;
    optimiser.update(state, parameters, gradientAt(objective, parameters, step, samples));
  }
}

const gradientAt = (
  objective: Objective,
  parameters: Float64Array,
  step: number,
  samples: DistillOptions["samples"],
): Float64Array => {
  if (!samples) return objective.gradient(parameters);
  const { count, seed, from = "student" } = samples;
  const model = from === "student" ? objective.table(parameters) : from;
  return objective.gradient(parameters, drawBatch(model, count, { seed, step }));
};

const progress = (objective: Objective, parameters: Float64Array, step: number, samples: number): DistillStep => {
  const table = objective.table(parameters);
  return {
    step,
    samples,
    value: objective.value(parameters),
    kl: { forward: kl(objective.target, table), reverse: kl(table, objective.target) },
    table: () => objective.table(parameters),
    parameters: () => parameters.slice(),
  };
};

const checkCount = (name: string, value: number) => {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new RangeError(`"${name}" must be a whole number ≥ 1, got ${value}`);
};
