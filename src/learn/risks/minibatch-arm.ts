import { nn, numpy as np, valueAndGrad } from "@jax-js/jax";
import type { Arrays, Engine, Step } from "../engine/engine.ts";
import { type Tensors, tensor } from "../engine/tensor.ts";
import type { Architecture } from "../models/architecture.ts";
import { armSequenceLogits } from "../models/arm.ts";
import { oneHot } from "../models/blocks.ts";
import { initialWeights } from "../models/initialise.ts";
import type { Batch, Batches } from "./batches.ts";
import { evenChunks, rowsPerChunk } from "./chunks.ts";
import type { Risk } from "./risk.ts";

/** `−Σ w·log π(label)`, in nats, of a chunk of sequences with `labels` and `weights` `[sequences · length]`. */
const lossOf = (model: Architecture) => {
  const logits = armSequenceLogits(model);
  return (parameters: Arrays, { labels, weights, ...chunk }: Arrays) => {
    const chosen = nn.logSoftmax(logits(parameters, chunk), -1).mul(oneHot(labels as np.Array, model.actions));
    return np.negative(np.sum(np.sum(chosen, -1).mul(weights as np.Array)));
  };
};

/**
 * Risk of a causal Transformer on data under teacher forcing, from minibatches: `mean Σ_t −log π(y_t|s_t)`, in nats, per response
 * or per token of running text as the batches say.
 *
 * An unbiased estimate of the expected risk over the data, drawn by seed and step. Source: theory §5.
 *
 * @param options.held batches that `evaluate` averages over, for example held-out text; without them it takes the batch of
 * seed 0 and step 0
 * @param options.rows rows of activations in a chunk (default: as many as stay in a core's cache)
 */
export const minibatchArmRisk = async (options: {
  readonly engine: Engine;
  readonly model: Architecture;
  readonly batches: Batches;
  readonly held?: readonly Batch[];
  readonly rows?: number;
}): Promise<Risk> => {
  const { engine, model, batches, held, rows = rowsPerChunk(options.model) } = options;
  if (model.kind !== "arm") throw new RangeError(`"model" must be of kind "arm", got "${model.kind}"`);
  const { length } = batches;
  const { size } = evenChunks(batches.sequences, Math.floor(rows / length));
  const loss = lossOf(model);
  const riskStep: Step = (parameters, chunk) => ({ risk: loss(parameters, chunk).reshape([1]) });
  const gradientStep: Step = (parameters, chunk) => {
    const [risk, gradient] = valueAndGrad(loss)(parameters, chunk);
    return { ...(gradient as Arrays), risk: risk.reshape([1]) };
  };
  const example = {
    resident: initialWeights(model, 0),
    chunk: chunksOf(batches.draw({ seed: 0, step: 0 }), length, size)[0] as Tensors,
  };
  const [judge, grader] = await Promise.all([engine.compile(riskStep, example), engine.compile(gradientStep, example)]);
  return {
    gradient: async (resident, draw) => {
      const { risk, ...gradient } = await grader.sum(resident, chunksOf(batches.draw(draw), length, size));
      return { risk: (risk as Tensors[string]).data[0] as number, gradient };
    },
    evaluate: async (resident) => {
      let [sum, total] = [0, 0];
      for (const batch of held ?? [batches.draw({ seed: 0, step: 0 })]) {
        const outputs = await judge.map(resident, chunksOf(batch, length, size));
        for (const { risk } of outputs) sum += batch.total * ((risk as Tensors[string]).data[0] as number);
        total += batch.total;
      }
      return sum / total;
    },
    dispose: async () => {
      await Promise.all([judge.dispose(), grader.dispose()]);
    },
  };
};

/** A batch in chunks of `size` sequences; sequences that fill up do not count. */
const chunksOf = (batch: Batch, length: number, size: number): Tensors[] => {
  const sequences = batch.tokens.length / length;
  return Array.from({ length: Math.ceil(sequences / size) }, (_, chunk) => {
    const [first, end] = [chunk * size * length, (chunk + 1) * size * length];
    const [tokens, labels] = [new Int32Array(size * length), new Int32Array(size * length)];
    const weights = new Float32Array(size * length);
    tokens.set(batch.tokens.subarray(first, end));
    labels.set(batch.labels.subarray(first, end));
    weights.set(batch.counted.subarray(first, end).map((counted) => counted / batch.total));
    return {
      tokens: tensor([size, length], tokens),
      labels: tensor([size * length], labels),
      weights: tensor([size * length], weights),
    };
  });
};
