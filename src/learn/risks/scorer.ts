import { numpy as np, valueAndGrad } from "@jax-js/jax";
import type { Arrays, Engine, Resident, Step } from "../engine/engine.ts";
import type { Tensors } from "../engine/tensor.ts";
import { type Architecture, positionsOf } from "../models/architecture.ts";
import { type EbmChoices, preparedEbmScores, prepareEbm } from "../models/ebm.ts";
import { initialWeights } from "../models/initialise.ts";
import { responseChunks, withNumbers } from "./chunks.ts";
import type { Rows } from "./rows.ts";

/** Scores responses in chunks, and back-propagates any weights of their scores, chunk by chunk. */
export interface Scorer {
  /** Scores of all responses of the chunks, those that fill up included, in nats. */
  scores(weights: Resident, chunks: readonly Tensors[]): Promise<Float64Array>;
  /** Gradient of `Σ_i c_i·R_i`, by parameter name; the weights must be those of the last call of `scores`. */
  gradient(weights: Resident, chunks: readonly Tensors[], coefficients: ArrayLike<number>): Promise<Tensors>;
  dispose(): Promise<void>;
}

/**
 * A scorer of an EBM's responses in chunks of `size`.
 *
 * What depends on the weights alone is prepared once; chunks are scored, or differentiated with respect to the prepared
 * tensors; and their summed gradient is pulled back to the weights once.
 */
export const scorer = async (options: {
  readonly engine: Engine;
  readonly model: Architecture;
  readonly size: number;
  readonly choices?: EbmChoices;
}): Promise<Scorer> => {
  const { engine, model, size, choices = {} } = options;
  const resident = initialWeights(model, 0);
  const preparer = await engine.compile(prepareEbm(model, choices), { resident, chunk: {} });
  const example = (await preparer.map(await engine.resident(resident), [{}]))[0] as Tensors;
  const prepared = await engine.resident(example);
  const chunk = emptyChunk(model, size);
  const [forward, backward, puller] = await Promise.all([
    engine.compile(scoreStep(model, choices), { resident: example, chunk }),
    engine.compile(gradientStep(model, choices), {
      resident: example,
      chunk: withNumbers([chunk], "coefficients", [], size)[0] as Tensors,
    }),
    engine.compile(pullStep(model, choices), { resident, chunk: example }),
  ]);
  return {
    scores: async (weights, chunks) => {
      await prepared.write((await preparer.map(weights, [{}]))[0] as Tensors);
      const scores = new Float64Array(chunks.length * size);
      (await forward.map(prepared, chunks)).forEach((output, index) => {
        scores.set((output.scores as Tensors[string]).data, index * size);
      });
      return scores;
    },
    gradient: async (weights, chunks, coefficients) => {
      const summed = await backward.sum(prepared, withNumbers(chunks, "coefficients", coefficients, size));
      return (await puller.map(weights, [summed]))[0] as Tensors;
    },
    dispose: async () => {
      await Promise.all([preparer, forward, backward, puller].map((step) => step.dispose()));
    },
  };
};

/** A step that gives the scores `[N]` of a chunk's responses. */
const scoreStep = (model: Architecture, choices: EbmChoices): Step => {
  const scores = preparedEbmScores(model, choices);
  return (prepared, chunk) => ({ scores: scores(prepared, chunk) });
};

/** A step that gives the gradient of `Σ_i c_i·R_i` by prepared tensor, for `coefficients` `[N]` beside a chunk's responses. */
const gradientStep = (model: Architecture, choices: EbmChoices): Step => {
  const scores = preparedEbmScores(model, choices);
  const weighted = (prepared: Arrays, { coefficients, ...chunk }: Arrays) =>
    np.sum(scores(prepared, chunk).mul(coefficients as np.Array));
  return (prepared, chunk) => gradientOf(weighted, prepared, chunk);
};

/** A step that turns a gradient by prepared tensor, its chunk, into one by parameter. */
const pullStep = (model: Architecture, choices: EbmChoices): Step => {
  const prepare = prepareEbm(model, choices);
  const product = (weights: Arrays, cotangents: Arrays) =>
    Object.entries(prepare(weights))
      .map(([name, array]) => np.sum(array.mul(cotangents[name] as np.Array)))
      .reduce((sum, term) => sum.add(term));
  return (weights, cotangents) => gradientOf(product, weights, cotangents);
};

const gradientOf = (loss: (w: Arrays, c: Arrays) => np.Array, weights: Arrays, chunk: Arrays): Arrays => {
  const [value, gradient] = valueAndGrad(loss)(weights, chunk);
  value.dispose();
  return gradient as Arrays;
};

/** A chunk of the right shapes. */
const emptyChunk = (model: Architecture, size: number): Tensors => {
  const { horizon } = model;
  const one: Rows = { count: 1, horizon, tokens: new Int32Array(horizon), lengths: Int32Array.of(horizon) };
  return responseChunks(model, one, size, new Int32Array(1))[0] as Tensors;
};

/** Scores of any responses, and gradients of weighted sums of them, for an EBM without prompts. */
export interface RowScorer {
  /** Scores `[count]`, in nats. */
  scores(weights: Resident, rows: Rows): Promise<Float64Array>;
  /** Gradient of `Σ_i c_i·R_i`, by parameter name; the weights must be those of the last call of `scores`. */
  gradient(weights: Resident, rows: Rows, coefficients: Float64Array): Promise<Tensors>;
  dispose(): Promise<void>;
}

/**
 * A scorer that cuts responses into chunks itself.
 *
 * @param options.rows rows of activations in a chunk
 */
export const rowScorer = async (options: {
  readonly engine: Engine;
  readonly model: Architecture;
  readonly rows: number;
  readonly choices: EbmChoices;
}): Promise<RowScorer> => {
  const { model } = options;
  if (model.kind !== "ebm") throw new RangeError(`"model" must be of kind "ebm", got "${model.kind}"`);
  if (model.prompts > 0) {
    throw new RangeError(
      "a sampled EBM risk takes a model without prompts: train one for each prompt, or use exactEbmRisk",
    );
  }
  const size = Math.max(1, Math.floor(options.rows / positionsOf(model)));
  const chunked = await scorer({ ...options, size });
  return {
    scores: async (weights, rows) =>
      (await chunked.scores(weights, responseChunks(model, rows, size))).subarray(0, rows.count),
    gradient: (weights, rows, coefficients) =>
      chunked.gradient(weights, responseChunks(model, rows, size), coefficients),
    dispose: () => chunked.dispose(),
  };
};

/** Two lists of rows, one after the other. */
export const joinRows = (first: Rows, second: Rows): Rows => ({
  count: first.count + second.count,
  horizon: first.horizon,
  tokens: joined(first.tokens, second.tokens),
  lengths: joined(first.lengths, second.lengths),
});

const joined = (first: Int32Array, second: Int32Array): Int32Array => {
  const both = new Int32Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
};
