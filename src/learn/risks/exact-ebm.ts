import type { Table, Tree } from "../../space/index.ts";
import type { Engine, Resident } from "../engine/engine.ts";
import type { Tensors } from "../engine/tensor.ts";
import { type Architecture, positionsOf } from "../models/architecture.ts";
import type { EbmChoices } from "../models/ebm.ts";
import { checkModel, evenChunks, responseChunks, rowsPerChunk } from "./chunks.ts";
import type { ExactRisk } from "./risk.ts";
import { allResponses, type Rows } from "./rows.ts";
import { scorer } from "./scorer.ts";
import { rewardTable } from "./tables.ts";
import { checkedTargets, meanEntropy, type Targets } from "./target.ts";

/**
 * Exact risk of a bidirectional Transformer over all responses of a tree, `L = log Z − E_target[R]`, in nats.
 *
 * In two passes, chunk by chunk, so that memory is that of one chunk: all scores first, then the gradient of `Σ_y c(y)·R(y)` with the
 * weights that the scores decide, `c = softmax(R) − target`, which is the gradient of the risk. The log-partition is in
 * float64. With prompts, the mean over them. Source: theory §5.
 *
 * @param options.target probability of every response in the order of `responses(space)`, one array for each prompt where
 * there are prompts
 * @param options.rows rows of activations in a chunk (default: as many as stay in a core's cache)
 * @throws RangeError where the space has too many responses, or model, space and target do not fit each other
 */
export const exactEbmRisk = async (options: {
  readonly engine: Engine;
  readonly model: Architecture;
  readonly space: Tree;
  readonly target: Targets;
  readonly rows?: number;
  readonly choices?: EbmChoices;
}): Promise<ExactRisk> => {
  const { engine, model, space, choices, rows = rowsPerChunk(options.model) } = options;
  checkModel(model, "ebm", space);
  const prompts = Math.max(1, model.prompts);
  const responses = allResponses(space, prompts);
  const targets = checkedTargets(options.target, model.prompts, responses.count);
  const { size } = evenChunks(responses.count * prompts, rows / positionsOf(model));
  const chunks = everyPrompt(model, responses, size);
  const score = await scorer({ engine, model, size, ...(choices ? { choices } : {}) });
  const scoresOf = async (weights: Resident) =>
    (await score.scores(weights, chunks)).subarray(0, responses.count * prompts);
  return {
    entropy: meanEntropy(targets),
    gradient: async (weights) => {
      const scores = await scoresOf(weights);
      const coefficients = new Float64Array(scores.length);
      const risk = riskOf(scores, targets, coefficients);
      return { risk, gradient: await score.gradient(weights, chunks, coefficients) };
    },
    evaluate: async (weights) => riskOf(await scoresOf(weights), targets),
    table: async (weights, prompt = 0): Promise<Table> => {
      if (!(prompt in targets)) throw new RangeError(`"prompt" must be below ${targets.length}, got ${prompt}`);
      const scores = await scoresOf(weights);
      return rewardTable(space, scores.subarray(prompt * responses.count, (prompt + 1) * responses.count));
    },
    dispose: () => score.dispose(),
  };
};

/** All responses after every prompt, in chunks, prompt by prompt. */
const everyPrompt = (model: Architecture, responses: Rows, size: number): Tensors[] => {
  if (model.prompts === 0) return responseChunks(model, responses, size);
  const { count, horizon } = responses;
  const all = count * model.prompts;
  const tokens = new Int32Array(all * horizon);
  const lengths = new Int32Array(all);
  for (let prompt = 0; prompt < model.prompts; prompt++) {
    tokens.set(responses.tokens, prompt * count * horizon);
    lengths.set(responses.lengths, prompt * count);
  }
  const prompts = Int32Array.from({ length: all }, (_, index) => Math.floor(index / count));
  return responseChunks(model, { count: all, horizon, tokens, lengths }, size, prompts);
};

/**
 * Mean over prompts of `log Z − E_target[R]`, of scores `[prompts × responses]`; writes its gradient with respect to the
 * scores into `coefficients`.
 */
const riskOf = (scores: Float64Array, targets: readonly Float64Array[], coefficients?: Float64Array): number => {
  const prompts = targets.length;
  const count = scores.length / prompts;
  let risk = 0;
  targets.forEach((target, prompt) => {
    const offset = prompt * count;
    let max = -Infinity;
    for (let i = 0; i < count; i++) max = Math.max(max, scores[offset + i] as number);
    let sum = 0;
    let mean = 0;
    for (let i = 0; i < count; i++) {
      const score = scores[offset + i] as number;
      sum += Math.exp(score - max);
      mean += (target[i] as number) * score;
    }
    risk += (max + Math.log(sum) - mean) / prompts;
    if (!coefficients) return;
    for (let i = 0; i < count; i++) {
      const probability = Math.exp((scores[offset + i] as number) - max) / sum;
      coefficients[offset + i] = (probability - (target[i] as number)) / prompts;
    }
  });
  return risk;
};
