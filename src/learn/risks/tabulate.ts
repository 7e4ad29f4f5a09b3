import type { Table, Tree } from "../../space/index.ts";
import type { Compiled, Engine, Resident, Step } from "../engine/engine.ts";
import type { Tensors } from "../engine/tensor.ts";
import { type Architecture, positionsOf } from "../models/architecture.ts";
import { armStateLogits } from "../models/arm.ts";
import type { EbmChoices } from "../models/ebm.ts";
import { initialWeights } from "../models/initialise.ts";
import { checkModel, evenChunks, responseChunks, rowsPerChunk } from "./chunks.ts";
import { type PrefixChunk, type Prefixes, prefixChunks } from "./prefixes.ts";
import { allResponses } from "./rows.ts";
import { scorer } from "./scorer.ts";
import { logitsTable, rewardTable } from "./tables.ts";

/** A trained model, and where its weights are. */
export interface TransformerOnSpace {
  readonly engine: Engine;
  readonly model: Architecture;
  readonly space: Tree;
  readonly weights: Resident;
  /** Which prompt the table is for, where the model has prompts (default 0). */
  readonly prompt?: number;
  /** Rows of activations in a chunk (default: as many as stay in a core's cache). */
  readonly rows?: number;
}

/**
 * The numbers of a Transformer as a table of its space: an ARM's logits, or an EBM's rewards on the action that ends a response.
 *
 * What works on tables, such as `toLogits`, `compare` and `describe`, then works on the model.
 *
 * @throws RangeError where the space has too many responses, or the model is for another space or has no such prompt
 */
export const transformerTable = (options: TransformerOnSpace): Promise<Table> =>
  options.model.kind === "arm" ? armTable(options) : ebmTable(options);

/** Logits of all prefixes by a causal Transformer; at the last depth of a space with EOS, −∞ but for EOS. */
export const armTable = async (options: TransformerOnSpace): Promise<Table> => {
  const { engine, model, space, weights, prompt = 0, rows = rowsPerChunk(options.model) } = options;
  checkModel(model, "arm", space);
  checkPrompt(model, prompt);
  allResponses(space);
  const prefixes = prefixChunks(model, space.tokens.length, space.horizon, rows, prompt);
  const compiled = await engine.compile(logitsStep(model), {
    resident: initialWeights(model, 0),
    chunk: (prefixes.chunks[0] as PrefixChunk).inputs,
  });
  try {
    return logitsTable(space, await prefixLogits(compiled, weights, prefixes, space.actions));
  } finally {
    await compiled.dispose();
  }
};

/** Scores of all responses by a bidirectional Transformer, on the action that ends each; 0 before it. */
export const ebmTable = async (options: TransformerOnSpace & { readonly choices?: EbmChoices }): Promise<Table> => {
  const { engine, model, space, weights, prompt = 0, rows = rowsPerChunk(options.model), choices } = options;
  checkModel(model, "ebm", space);
  checkPrompt(model, prompt);
  const responses = allResponses(space);
  const { size } = evenChunks(responses.count, rows / positionsOf(model));
  const chunks = responseChunks(model, responses, size, new Int32Array(responses.count).fill(prompt));
  const score = await scorer({ engine, model, size, ...(choices ? { choices } : {}) });
  try {
    return rewardTable(space, await score.scores(weights, chunks));
  } finally {
    await score.dispose();
  }
};

/** A step that gives the logits `[S, actions]` of a chunk's prefixes. */
export const logitsStep = (model: Architecture): Step => {
  const logits = armStateLogits(model);
  return (weights, chunk) => ({ logits: logits(weights, chunk) });
};

/** Logits of all prefixes `[prefixes × actions]`, in the order of tables, from a compiled {@link logitsStep}. */
export const prefixLogits = async (
  compiled: Compiled,
  weights: Resident,
  prefixes: Prefixes,
  actions: number,
): Promise<Float32Array> => {
  const all = new Float32Array(prefixes.count * actions);
  const inputs = prefixes.chunks.map((chunk) => chunk.inputs);
  const outputs = await compiled.map(weights, inputs);
  outputs.forEach(({ logits }, index) => {
    (prefixes.chunks[index] as PrefixChunk).owned.forEach((prefix, row) => {
      if (prefix < 0) return;
      all.set((logits as Tensors[string]).data.subarray(row * actions, (row + 1) * actions), prefix * actions);
    });
  });
  return all;
};

const checkPrompt = ({ prompts }: Architecture, prompt: number): void => {
  const last = Math.max(0, prompts - 1);
  if (!Number.isInteger(prompt) || prompt < 0 || prompt > last) {
    throw new RangeError(`"prompt" must be a whole number from 0 to ${last}, got ${prompt}`);
  }
};
