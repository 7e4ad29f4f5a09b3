import { uniform } from "../../bellman/index.ts";
import type { Engine } from "../engine/engine.ts";
import { type Architecture, firstToken } from "../models/architecture.ts";
import type { Batch, Batches } from "../risks/batches.ts";
import { drawGenerator } from "../risks/draw.ts";
import { minibatchArmRisk } from "../risks/minibatch-arm.ts";
import type { Risk } from "../risks/risk.ts";
import type { Corpus } from "./corpus.ts";
import { slidingWindows, type Window } from "./windows.ts";

/**
 * Risk of a causal Transformer on text, in nats a token.
 *
 * A step draws `batch` windows of `horizon` tokens, which begin anywhere in the text to learn from with equal probability; which
 * ones depends on the seed and the number of the step alone. All tokens of a window are predicted: the first after the mark of
 * the beginning, each other after those before it in the window. `evaluate` is the mean over the held-out tokens, each of
 * which is predicted once, in sliding windows ({@link slidingWindows}).
 *
 * @throws RangeError where the model is no ARM over the corpus's tokens, or the text is shorter than a window
 */
export const textRisk = (options: {
  readonly engine: Engine;
  readonly model: Architecture;
  readonly corpus: Corpus;
  /** Windows in a step. */
  readonly batch: number;
}): Promise<Risk> => {
  const { engine, model, corpus, batch } = options;
  checkText(model, corpus, batch);
  const batches: Batches = {
    sequences: batch,
    length: model.horizon,
    draw: (draw) => {
      const random = drawGenerator(draw);
      const places = corpus.train.length - model.horizon + 1;
      const windows = Array.from({ length: batch }, () => ({ start: Math.floor(uniform(random) * places), known: 0 }));
      return windowBatch(model, corpus.train, windows);
    },
  };
  return minibatchArmRisk({ engine, model, batches, held: heldOutBatches(model, corpus.heldOut, batch) });
};

/** Bits per character of the held-out text, each character of which counts once, from the mean risk of its tokens in nats. */
export const bitsPerCharacter = (risk: number, { heldOut, heldOutCharacters }: Corpus): number =>
  (risk * heldOut.length) / Math.LN2 / heldOutCharacters;

/**
 * Refuses a model, a text and a batch that do not go together.
 *
 * @throws RangeError naming what does not fit, and the repair
 */
export const checkText = (model: Architecture, corpus: Corpus, batch: number): void => {
  const { kind, actions, horizon, eos, prompts } = model;
  const count = corpus.tokenizer.tokens.length;
  if (kind !== "arm" || eos || prompts > 0) throw new RangeError("text needs an ARM without EOS and prompts");
  if (actions !== count) throw new RangeError(`the model has ${actions} actions, but the tokenizer ${count} tokens`);
  if (corpus.train.length < horizon) {
    throw new RangeError(
      `the text to learn from has ${corpus.train.length} tokens, fewer than the ${horizon} of a window: ` +
        "give a longer text or a shorter context",
    );
  }
  if (!Number.isSafeInteger(batch) || batch < 1) {
    throw new RangeError(`"batch" must be a whole number ≥ 1, got ${batch}`);
  }
};

/** Windows that predict every token once, some at a time. */
const heldOutBatches = (model: Architecture, text: Int32Array, batch: number): Batch[] => {
  const windows = slidingWindows(text.length, model.horizon);
  return Array.from({ length: Math.ceil(windows.length / batch) }, (_, index) =>
    windowBatch(model, text, windows.slice(index * batch, (index + 1) * batch)),
  );
};

/** Windows of a text as a batch; the sum over their labels is divided by the number of tokens that they predict. */
const windowBatch = (model: Architecture, text: Int32Array, windows: readonly Window[]): Batch => {
  const { horizon } = model;
  const size = windows.length * horizon;
  const tokens = new Int32Array(size).fill(firstToken(model));
  const labels = new Int32Array(size);
  const counted = new Float32Array(size);
  for (const [row, { start, known }] of windows.entries()) {
    const window = text.subarray(start, start + horizon);
    labels.set(window, row * horizon);
    tokens.set(window.subarray(0, horizon - 1), row * horizon + 1);
    counted.fill(1, row * horizon + known, row * horizon + window.length);
  }
  return { tokens, labels, counted, total: counted.reduce((sum, one) => sum + one, 0) };
};
