import type { Engine } from "../engine/engine.ts";
import type { Architecture } from "../models/architecture.ts";
import type { EbmChoices } from "../models/ebm.ts";
import { rowsPerChunk } from "./chunks.ts";
import { drawGenerator } from "./draw.ts";
import { importancePhase } from "./importance.ts";
import { metropolisPhase } from "./metropolis.ts";
import { noiseContrastivePhase } from "./noise-contrastive.ts";
import type { PhaseEstimator } from "./phase.ts";
import type { Proposal } from "./proposal.ts";
import type { ResponseSource } from "./response-source.ts";
import type { Risk } from "./risk.ts";
import { joinRows, rowScorer } from "./scorer.ts";

/** How the gradient of the log-partition is estimated from samples. */
export type Estimator = "importance" | "noise-contrastive" | "metropolis";

const PHASES: Record<Estimator, () => PhaseEstimator> = {
  importance: importancePhase,
  "noise-contrastive": noiseContrastivePhase,
  metropolis: metropolisPhase,
};

/** Number of samples that `evaluate` estimates the log-partition from. */
const EVALUATION_SAMPLES = 4096;

/**
 * Risk of a bidirectional Transformer `log Z − E_data[R]`, in nats, where responses cannot be enumerated: the data's side of the
 * gradient from a minibatch, the log-partition's from samples.
 *
 * Estimators, of `samples` samples a step:
 * * `"importance"`: self-normalised importance sampling, weights `∝ e^R/q` of responses drawn from the proposal `q`. Biased by
 *   `O(1/samples)`; fails silently where `q` misses what the model likes;
 * * `"noise-contrastive"`: tells data from the proposal's responses by logistic regression on `R − log Z − log q` (Gutmann and
 *   Hyvärinen, 2012). Not the risk's gradient but one with the same zero: each response counts `K·q/(p_R + K·q)` times, `K` the samples
 *   per datum, so that outliers cannot dominate;
 * * `"metropolis"`: as many Markov chains as samples, kept from step to step, each moved by redrawing its end from the
 *   proposal (persistent contrastive divergence, Tieleman 2008). Its `memory` belongs into a checkpoint.
 *
 * A step depends on its draw, the weights and the memory alone. The risk that a step returns is an estimate as rough as its
 * gradient; `evaluate` estimates it by importance sampling from 4,096 responses and as many data, always the same.
 *
 * @param options.data where the responses to learn come from
 * @param options.batch data in a step (default 256)
 * @param options.samples samples in a step (default 256)
 * @throws RangeError where the model is not an EBM without prompts, or the data or proposal is of another horizon
 */
export const sampledEbmRisk = async (options: {
  readonly engine: Engine;
  readonly model: Architecture;
  readonly data: ResponseSource;
  readonly proposal: Proposal;
  readonly estimator: Estimator;
  readonly batch?: number;
  readonly samples?: number;
  readonly rows?: number;
  readonly choices?: EbmChoices;
}): Promise<Risk> => {
  const {
    engine,
    model,
    data,
    proposal,
    batch = 256,
    samples = 256,
    rows = rowsPerChunk(options.model),
    choices = {},
  } = options;
  checkOptions({ ...options, batch, samples });
  const scores = await rowScorer({ engine, model, rows, choices });
  const phase = PHASES[options.estimator]();
  return {
    gradient: async (weights, draw) => {
      const drawn = await data.draw(batch, drawGenerator(draw));
      const dataScores = await scores.scores(weights, drawn);
      const {
        samples: sampled,
        sampleWeights,
        dataWeights,
        logPartition,
      } = await phase.run({
        scorer: scores,
        proposal,
        weights,
        random: drawGenerator(draw, 1),
        count: samples,
        data: drawn,
        dataScores,
      });
      const coefficients = new Float64Array(batch + samples);
      coefficients.set(dataWeights);
      coefficients.set(sampleWeights, batch);
      return {
        risk: logPartition - mean(dataScores),
        gradient: await scores.gradient(weights, joinRows(drawn, sampled), coefficients),
      };
    },
    evaluate: async (weights) => {
      const draw = { seed: 0, step: 0 };
      const drawn = await data.draw(EVALUATION_SAMPLES, drawGenerator(draw, 2));
      const dataScores = await scores.scores(weights, drawn);
      const random = drawGenerator(draw, 3);
      const inputs = { scorer: scores, proposal, weights, random, count: EVALUATION_SAMPLES, data: drawn, dataScores };
      return (await importancePhase().run(inputs)).logPartition - mean(dataScores);
    },
    ...(phase.memory ? { memory: phase.memory } : {}),
    dispose: () => scores.dispose(),
  };
};

const mean = (numbers: Float64Array): number => numbers.reduce((a, b) => a + b, 0) / numbers.length;

const checkOptions = (options: {
  readonly model: Architecture;
  readonly data: ResponseSource;
  readonly proposal: Proposal;
  readonly estimator: Estimator;
  readonly batch: number;
  readonly samples: number;
}): void => {
  const { model, data, proposal, estimator, batch, samples } = options;
  if (!(estimator in PHASES)) {
    throw new RangeError(
      `"estimator" must be one of ${Object.keys(PHASES).join(", ")}, got ${JSON.stringify(estimator)}`,
    );
  }
  for (const [name, value] of Object.entries({ batch, samples })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`"${name}" must be a whole number ≥ 1, got ${value}`);
    }
  }
  if (estimator === "metropolis" && samples < model.horizon) {
    throw new RangeError(
      `"samples" must be at least the horizon ${model.horizon}, so that each move renews a chain, got ${samples}`,
    );
  }
  for (const [name, { horizon }] of Object.entries({ data, proposal })) {
    if (horizon !== model.horizon) {
      throw new RangeError(
        `the horizon of "${name}" is ${horizon}, the model's ${model.horizon}: make one for the other`,
      );
    }
  }
};
