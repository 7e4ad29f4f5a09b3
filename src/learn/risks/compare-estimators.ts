import type { Model } from "../../bellman/index.ts";
import type { Table, Tree } from "../../space/index.ts";
import type { Engine, Resident } from "../engine/engine.ts";
import type { Tensors } from "../engine/tensor.ts";
import type { Architecture } from "../models/architecture.ts";
import { rowsPerChunk } from "./chunks.ts";
import { drawGenerator } from "./draw.ts";
import { exactEbmRisk } from "./exact-ebm.ts";
import { logSumExp } from "./importance.ts";
import { tableProposal } from "./proposal.ts";
import { modelSource } from "./response-source.ts";
import { allResponses, type Rows } from "./rows.ts";
import { type Estimator, sampledEbmRisk } from "./sampled-ebm.ts";
import { joinRows, rowScorer } from "./scorer.ts";
import { targetProbabilities } from "./target.ts";

/** How well a sampled gradient estimates the exact one; all lengths are relative to that of the exact gradient. */
export interface EstimatorRow {
  /** `"exact"`: nothing is sampled; `"enumerated"`: the data alone is sampled, the log-partition's side is exact. */
  readonly estimator: Estimator | "exact" | "enumerated";
  /** Model samples in a step; all responses where they are enumerated. */
  readonly samples: number;
  /** Mean error along the exact gradient: −1 where the estimate has nothing of it, 0 where it is unbiased. */
  readonly bias: number;
  readonly biasStandardError: number;
  /** Length of the mean error in all directions. */
  readonly distance: number;
  /** The length that the mean error would have by chance if there were no bias. */
  readonly distanceByChance: number;
  /** Root of the mean squared distance of an estimate from the mean estimate. */
  readonly standardDeviation: number;
  readonly standardDeviationStandardError: number;
  /** Median time of a gradient. */
  readonly milliseconds: number;
}

const ESTIMATORS: readonly Estimator[] = ["importance", "noise-contrastive", "metropolis"];

/** Steps of persistent chains before they are judged. */
const BURN_IN = 20;

/**
 * Bias, variance and cost of the sampled gradients of an EBM's risk against the exact one, at fixed weights on a small space.
 *
 * Every estimator gets `repeats` draws with the same data, of which `batch` come from the target in each; what the data alone
 * scatters is in the row `"enumerated"`. Standard errors are from means of `√repeats`
 * batches, so that they hold for chains that remember, too. The noise-contrastive gradient is that of another loss with the
 * same minimiser, so that its bias here is no defect by itself.
 *
 * @param options.repeats draws of each estimator (default 100)
 */
export const compareGradientEstimators = async (options: {
  readonly engine: Engine;
  readonly model: Architecture;
  readonly space: Tree;
  readonly target: Table;
  readonly weights: Tensors;
  readonly proposal: Model;
  readonly samples: number;
  readonly batch: number;
  readonly seed: number;
  readonly repeats?: number;
}): Promise<EstimatorRow[]> => {
  const { engine, model, space, target, samples, batch, seed, repeats = 100 } = options;
  const resident = await engine.resident(options.weights);
  const exact = await exactEbmRisk({ engine, model, space, target: targetProbabilities(target) });
  const gradientOf = async () => flat((await exact.gradient(resident, { seed, step: 0 })).gradient);
  // the first call compiles
  const expected = await gradientOf();
  const started = performance.now();
  await gradientOf();
  const milliseconds = performance.now() - started;
  await exact.dispose();
  const source = modelSource(target);
  const responses = allResponses(space);
  const rows: EstimatorRow[] = [
    { ...judge([expected], expected), estimator: "exact", samples: responses.count, milliseconds },
    await enumerated({ ...options, resident, repeats, expected, responses }),
  ];
  for (const estimator of ESTIMATORS) {
    const risk = await sampledEbmRisk({
      engine,
      model,
      data: source,
      proposal: tableProposal(options.proposal),
      estimator,
      batch,
      samples,
    });
    const gradients: Float64Array[] = [];
    const times: number[] = [];
    const first = risk.memory ? -BURN_IN : 0;
    for (let repeat = first; repeat < repeats; repeat++) {
      const start = performance.now();
      // steps are whole numbers from 0; the burn-in has those after the repeats
      const { gradient } = await risk.gradient(resident, { seed, step: repeat < 0 ? repeats - repeat : repeat });
      if (repeat < 0) continue;
      times.push(performance.now() - start);
      gradients.push(flat(gradient));
    }
    await risk.dispose();
    rows.push({ ...judge(gradients, expected), estimator, samples, milliseconds: median(times) });
  }
  return rows;
};

/** The row of the estimate whose log-partition's side is exact: `∇log Z − mean ∇R` over sampled data. */
const enumerated = async (options: {
  readonly engine: Engine;
  readonly model: Architecture;
  readonly resident: Resident;
  readonly target: Table;
  readonly responses: Rows;
  readonly expected: Float64Array;
  readonly batch: number;
  readonly seed: number;
  readonly repeats: number;
}): Promise<EstimatorRow> => {
  const { engine, model, resident, target, responses, expected, batch, seed, repeats } = options;
  const source = modelSource(target);
  const score = await rowScorer({ engine, model, rows: rowsPerChunk(model), choices: {} });
  const gradients: Float64Array[] = [];
  const times: number[] = [];
  for (let step = 0; step < repeats; step++) {
    const start = performance.now();
    const data = await source.draw(batch, drawGenerator({ seed, step }));
    const scores = await score.scores(resident, responses);
    const value = logSumExp(scores);
    const coefficients = new Float64Array(batch + responses.count).fill(-1 / batch, 0, batch);
    coefficients.set(
      scores.map((x) => Math.exp(x - value)),
      batch,
    );
    const gradient = await score.gradient(resident, joinRows(data, responses), coefficients);
    times.push(performance.now() - start);
    gradients.push(flat(gradient));
  }
  await score.dispose();
  const row = judge(gradients, expected);
  return { ...row, estimator: "enumerated", samples: responses.count, milliseconds: median(times) };
};

/** All numbers of a gradient in one array. */
const flat = (gradient: Tensors): Float64Array =>
  Float64Array.from(
    Object.keys(gradient)
      .sort()
      .flatMap((name) => [...(gradient[name] as Tensors[string]).data]),
  );

const judge = (
  gradients: readonly Float64Array[],
  expected: Float64Array,
): Omit<EstimatorRow, "estimator" | "samples" | "milliseconds"> => {
  const size = dot(expected, expected);
  const mean = meanOf(gradients);
  const difference = mean.map((x, i) => x - (expected[i] as number));
  const along = gradients.map((gradient) => dot(gradient, expected) / size - 1);
  const squares = gradients.map((gradient) => squaredDistance(gradient, mean) / size);
  const batches = batched(gradients);
  const scatter = batches.reduce((sum, part) => sum + squaredDistance(meanOf(part), mean), 0);
  const [bias, variance] = [average(along), average(squares)];
  return {
    bias,
    biasStandardError: batchError(along),
    distance: Math.sqrt(dot(difference, difference) / size),
    distanceByChance: Math.sqrt(scatter / Math.max(1, batches.length * (batches.length - 1)) / size),
    standardDeviation: Math.sqrt(variance),
    // of a root, by the delta method
    standardDeviationStandardError: variance > 0 ? batchError(squares) / (2 * Math.sqrt(variance)) : 0,
  };
};

/** Runs of consecutive draws: about as many as each is long. */
const batched = <T>(list: readonly T[]): T[][] => {
  const count = Math.max(1, Math.floor(Math.sqrt(list.length)));
  return Array.from({ length: count }, (_, index) =>
    list.slice(Math.floor((index * list.length) / count), Math.floor(((index + 1) * list.length) / count)),
  );
};

/** Standard error of a mean, from the means of runs; 0 of a single number. */
const batchError = (numbers: readonly number[]): number => {
  const means = batched(numbers).map(average);
  if (means.length < 2) return 0;
  const mean = average(means);
  const squares = means.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return Math.sqrt(squares / (means.length - 1) / means.length);
};

const average = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0) / numbers.length;

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] as number;

const dot = (x: Float64Array, y: Float64Array): number => x.reduce((sum, v, i) => sum + v * (y[i] as number), 0);

const squaredDistance = (x: Float64Array, y: Float64Array): number =>
  x.reduce((sum, v, i) => sum + (v - (y[i] as number)) ** 2, 0);

const meanOf = (vectors: readonly Float64Array[]): Float64Array => {
  const mean = new Float64Array((vectors[0] as Float64Array).length);
  for (const vector of vectors)
    vector.forEach((x, i) => {
      mean[i] = (mean[i] as number) + x / vectors.length;
    });
  return mean;
};
