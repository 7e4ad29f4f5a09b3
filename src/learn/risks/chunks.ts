import type { Tree } from "../../space/index.ts";
import { type Tensors, tensor } from "../engine/tensor.ts";
import type { Architecture } from "../models/architecture.ts";
import type { Rows } from "./rows.ts";

/** Numbers of one activation `[d, rows]` that stay in a core's second-level cache beside the others of its operation: 176 KiB. */
const ACTIVATION_NUMBERS = 45_056;

/** With fewer rows than this the calls themselves cost too much. */
const FEWEST_ROWS = 512;

/**
 * Rows of activations (responses × positions, or prefixes) that go through the model at once by default.
 *
 * Measured with ONNX Runtime on a core with 1 MiB of second-level cache: some 1,400 rows at d = 32, 700 at d = 64 and 512 at
 * d = 128 are fastest, and keep the process below 500 MB at four layers.
 */
export const rowsPerChunk = ({ width }: Architecture): number =>
  Math.max(FEWEST_ROWS, Math.floor(ACTIVATION_NUMBERS / width));

/** From this width on, half of some hundred prefixes are work enough for a thread. */
const WIDE = 64;

/**
 * Distinct prefixes that go through an ARM at once by default: from width 64 on at most 512, so that two threads share even the 585
 * prefixes of eight tokens and horizon four.
 */
export const prefixesPerChunk = (model: Architecture): number =>
  model.width < WIDE ? rowsPerChunk(model) : Math.min(FEWEST_ROWS, rowsPerChunk(model));

/** The same number of rows in each chunk, so that one compiled step fits all, and as even as they can be. */
export const evenChunks = (rows: number, most: number): { readonly chunks: number; readonly size: number } => {
  const chunks = Math.max(1, Math.ceil(rows / Math.max(1, most)));
  return { chunks, size: Math.max(1, Math.ceil(rows / chunks)) };
};

/**
 * Responses in chunks of `size` for `ebmScores`; the last one is filled up with copies of the first response, which the
 * caller gives no weight.
 *
 * @param prompts prompt of each response, where the model has prompts
 */
export const responseChunks = (model: Architecture, rows: Rows, size: number, prompts?: Int32Array): Tensors[] => {
  const { horizon } = rows;
  return Array.from({ length: Math.ceil(rows.count / size) }, (_, chunk) => {
    const first = chunk * size;
    const tokens = new Int32Array(size * horizon);
    const lengths = new Int32Array(size).fill(rows.lengths[0] as number);
    const prompt = new Int32Array(size);
    for (let i = 0; i < size; i++) {
      const row = first + i < rows.count ? first + i : 0;
      tokens.set(rows.tokens.subarray(row * horizon, (row + 1) * horizon), i * horizon);
      lengths[i] = rows.lengths[row] as number;
      if (prompts) prompt[i] = prompts[row] as number;
    }
    return {
      tokens: tensor([size, horizon], tokens),
      ...(model.eos ? { lengths: tensor([size], lengths) } : {}),
      ...(model.prompts > 0 ? { prompt: tensor([size], prompt) } : {}),
    };
  });
};

/** Chunks with one more input: `numbers` cut into the chunks' sizes, 0 where it ends. */
export const withNumbers = (chunks: readonly Tensors[], name: string, numbers: ArrayLike<number>, size: number) =>
  chunks.map((chunk, index) => {
    const part = new Float32Array(size);
    for (let i = 0; i < size && index * size + i < numbers.length; i++) part[i] = numbers[index * size + i] as number;
    return { ...chunk, [name]: tensor([size], part) };
  });

/** Refuses a model made for another space. */
export const checkModel = (model: Architecture, kind: Architecture["kind"], space: Tree): void => {
  if (model.kind !== kind) throw new RangeError(`"model" must be of kind "${kind}", got "${model.kind}"`);
  const { actions, horizon, eos } = space;
  for (const [name, value] of Object.entries({ actions, horizon, eos })) {
    const of = model[name as "actions" | "horizon" | "eos"];
    if (of !== value)
      throw new RangeError(`the model's "${name}" is ${of}, the space's ${value}: make one for the other`);
  }
};
