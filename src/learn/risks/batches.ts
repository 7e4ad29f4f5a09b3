import { uniform } from "../../bellman/index.ts";
import { type Architecture, firstToken } from "../models/architecture.ts";
import { drawGenerator } from "./draw.ts";
import type { Draw } from "./risk.ts";
import type { Rows } from "./rows.ts";

/** Sequences with what follows each position, for teacher forcing. */
export interface Batch {
  /** Embedding rows that the model reads, `[sequences × length]`. */
  readonly tokens: Int32Array;
  /** Action that follows each position, `[sequences × length]`. */
  readonly labels: Int32Array;
  /** 1 where the label counts, 0 where there is none or no choice, `[sequences × length]`. */
  readonly counted: Float32Array;
  /** What the sum over labels is divided by: the number of responses, or of a text's tokens. */
  readonly total: number;
}

/** Data to draw batches from. */
export interface Batches {
  /** Sequences in a batch. */
  readonly sequences: number;
  /** Positions of a sequence. */
  readonly length: number;
  /** The same draw gives the same batch. */
  draw(draw: Draw): Batch;
}

/**
 * Batches of whole responses, drawn with replacement; the risk is per response.
 *
 * At the last depth of a space with EOS only EOS is allowed: that label does not count.
 *
 * @param options.prompts prompt of each response, where the model has prompts
 * @throws RangeError where the data is empty, or a token or prompt is not one of the model's
 */
export const responseBatches = (
  model: Architecture,
  data: Rows,
  options: { readonly batch: number; readonly prompts?: Int32Array },
): Batches => {
  checkRows(model, data, options.prompts);
  const { batch } = options;
  return {
    sequences: batch,
    length: model.horizon,
    draw: (draw) => {
      const random = drawGenerator(draw);
      const rows = Int32Array.from({ length: batch }, () => Math.floor(uniform(random) * data.count));
      return responseBatch(model, data, rows, options.prompts);
    },
  };
};

/** A batch of some responses, by index. */
export const responseBatch = (
  model: Architecture,
  data: Rows,
  rows: ArrayLike<number>,
  prompts?: Int32Array,
): Batch => {
  const { horizon, eos } = model;
  const size = rows.length * horizon;
  const [tokens, labels] = [new Int32Array(size), new Int32Array(size)];
  const counted = new Float32Array(size);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    const response = data.tokens.subarray(row * horizon, (row + 1) * horizon);
    const length = data.lengths[row] as number;
    tokens[i * horizon] = firstToken(model, prompts?.[row]);
    tokens.set(response.subarray(0, horizon - 1), i * horizon + 1);
    labels.set(response, i * horizon);
    counted.fill(1, i * horizon, i * horizon + Math.min(length, eos ? horizon - 1 : horizon));
  }
  return { tokens, labels, counted, total: rows.length };
};

const checkRows = (model: Architecture, data: Rows, prompts?: Int32Array): void => {
  const { actions, horizon } = model;
  if (data.count < 1) throw new RangeError("the data holds no response: give at least one");
  if (data.horizon !== horizon) {
    throw new RangeError(
      `the data's responses have up to ${data.horizon} actions, the model's ${horizon}: make one for the other`,
    );
  }
  data.tokens.forEach((token, index) => {
    if (token < 0 || token >= actions) {
      throw new RangeError(
        `response ${Math.floor(index / horizon)} of the data holds action ${token}, expected 0 to ${actions - 1}`,
      );
    }
  });
  if (model.prompts === 0) return;
  if (prompts?.length !== data.count) {
    throw new RangeError(
      `"prompts" must hold the prompt of each of ${data.count} responses, got ${prompts?.length ?? "none"}`,
    );
  }
  const wrong = prompts.findIndex((prompt) => prompt < 0 || prompt >= model.prompts);
  if (wrong >= 0) {
    throw new RangeError(`response ${wrong} has prompt ${prompts[wrong]}, expected 0 to ${model.prompts - 1}`);
  }
};
