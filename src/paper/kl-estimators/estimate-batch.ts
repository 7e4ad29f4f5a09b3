import type { ResponseBatch } from "../../learn/index.ts";
import type { Along, KlEstimator, Part } from "./estimators.ts";
import type { Setting } from "./setting.ts";

/** An estimate of the divergence, in nats, and of its gradient by the student's logits, `[arcs]`. */
export interface BatchEstimate {
  readonly value: number;
  readonly gradient: Float64Array;
}

/** What an estimator makes of one batch. */
export const estimateBatch = (estimator: KlEstimator, setting: Setting, batch: ResponseBatch): BatchEstimate => {
  const { count } = batch;
  const parts = partsOf(estimator, setting, batch);
  const total = parts.reduce((sum, part) => sum + part.value, 0);
  const divisor = estimator.per === "token" ? batch.arcs.length : count;
  const gradient = new Float64Array(setting.policy.length);
  parts.forEach((part, i) => {
    const baseline = estimator.leaveOneOut ? (total - part.value) / (count - 1) : 0;
    addPart(gradient, setting, batch, i, part, baseline, 1 / divisor);
  });
  return { value: total / divisor, gradient };
};

/**
 * What an estimator tends to as batches grow, exactly.
 *
 * A sum over all responses, each with its probability under who draws them; baselines add nothing on average.
 *
 * @param all every response once
 */
export const limitOf = (estimator: KlEstimator, setting: Setting, all: ResponseBatch): BatchEstimate => {
  const parts = partsOf(estimator, setting, all);
  const probabilities = parts.map((_, i) => probabilityOf(estimator, setting, all, i));
  const lengths = parts.map((_, i) => (all.offsets[i + 1] as number) - (all.offsets[i] as number));
  const mean = (numbers: readonly number[]) => numbers.reduce((sum, x, i) => sum + x * (probabilities[i] as number), 0);
  const divisor = estimator.per === "token" ? mean(lengths) : 1;
  const gradient = new Float64Array(setting.policy.length);
  parts.forEach((part, i) => {
    addPart(gradient, setting, all, i, part, 0, (probabilities[i] as number) / divisor);
  });
  return { value: mean(parts.map((part) => part.value)) / divisor, gradient };
};

const partsOf = (estimator: KlEstimator, setting: Setting, batch: ResponseBatch): Part[] =>
  Array.from({ length: batch.count }, (_, i) => estimator.part(alongOf(setting, batch, i)));

const alongOf = (setting: Setting, batch: ResponseBatch, response: number): Along => {
  const arcs = arcsOf(batch, response);
  const pick = (numbers: Float64Array) => Float64Array.from(arcs, (arc) => numbers[arc] as number);
  const [logRatios, logWeights] = [pick(setting.logRatios), pick(setting.logWeights)];
  return {
    length: arcs.length,
    logRatios,
    logRatio: total(logRatios),
    weights: logWeights.map(Math.exp),
    weight: Math.exp(total(logWeights)),
    full: pick(setting.full),
  };
};

/** Adds `scale` times a part's gradient: `∇ log π(a|s) = 1_a − π(·|s)`, `∂F/∂q(s,b) = π(b|s)·(log ratio of b − F)`. */
const addPart = (
  gradient: Float64Array,
  setting: Setting,
  batch: ResponseBatch,
  response: number,
  part: Part,
  baseline: number,
  scale: number,
): void => {
  const { begins, ends, policy, logRatios, full } = setting;
  arcsOf(batch, response).forEach((arc, t) => {
    const score = scale * (part.score(t) - baseline);
    const whole = scale * (part.full?.(t) ?? 0);
    const f = full[arc] as number;
    for (let b = begins[arc] as number; b < (ends[arc] as number); b++) {
      const slope = whole * ((logRatios[b] as number) - f) - score;
      gradient[b] = (gradient[b] as number) + (policy[b] as number) * slope;
    }
    gradient[arc] = (gradient[arc] as number) + score;
  });
};

const probabilityOf = (estimator: KlEstimator, setting: Setting, all: ResponseBatch, response: number): number => {
  const table = estimator.data === "student" ? setting.student : setting.behaviour;
  const { space } = setting;
  let [logP, depth, first] = [0, 0, 0];
  for (const arc of arcsOf(all, response)) {
    logP += (table.levels[depth] as Float64Array)[arc - first] as number;
    first += space.layer(depth++).arcs;
  }
  return Math.exp(logP);
};

const arcsOf = (batch: ResponseBatch, response: number): Int32Array =>
  batch.arcs.subarray(batch.offsets[response], batch.offsets[response + 1]);

const total = (numbers: Float64Array): number => numbers.reduce((sum, x) => sum + x, 0);
