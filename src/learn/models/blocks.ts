import { lax, nn, numpy as np } from "@jax-js/jax";
import { RMS_EPSILON, ROTARY_BASE } from "./architecture.ts";

/** A traced array. Every function here consumes its arguments, as jax-js does: pass `.ref` to keep one. */
export type Traced = np.Array;

/**
 * RMSNorm without its gain, over the last axis: `x / √(mean(x²) + ε)`.
 *
 * The gain is folded into the matrix that follows ({@link withGain}), where it costs nothing per row.
 */
export const rmsNormalise = (x: Traced): Traced => {
  const [zero, held] = split(x);
  const meanSquare = np.mean(np.square(held.ref), -1, { keepdims: true });
  const scale = np.reciprocal(np.sqrt(meanSquare.add(RMS_EPSILON)));
  const value = held.mul(scale.ref);
  // dn = (dx − n·mean(n·dx)) / √(mean(x²) + ε)
  const along = np.mean(value.ref.mul(zero.ref), -1, { keepdims: true });
  return value.ref.add(zero.sub(value.mul(along)).mul(scale));
};

/**
 * A value in two parts: zero, with the value's derivative, and the value, with none.
 *
 * What is linear in the first is a derivative written by hand. Derived primitive by primitive, the functions below cost up to twice as
 * many passes over the rows, and that of the logistic function overflows. The ONNX engine drops the zero.
 */
const split = (x: Traced): [zero: Traced, held: Traced] => {
  const held = lax.stopGradient(x.ref);
  return [x.sub(held.ref), held];
};

/** `silu(x) = x·σ(x)`. */
const silu = (x: Traced): Traced => {
  const [zero, held] = split(x);
  const logistic = nn.sigmoid(held.ref);
  const value = held.mul(logistic.ref);
  // d silu = σ + x·σ·(1 − σ)
  const slope = logistic.ref.add(value.ref.mul(logistic.mul(-1).add(1)));
  return value.add(zero.mul(slope));
};

/** Softmax over the last axis. */
const softmax = (x: Traced, mask?: Traced): Traced => {
  const [zero, held] = split(x);
  const value = nn.softmax(mask === undefined ? held : np.where(mask, held, -Infinity), -1);
  // dp = p·(dx − Σ p·dx)
  const mean = np.sum(value.ref.mul(zero.ref), -1, { keepdims: true });
  return value.ref.add(value.mul(zero.sub(mean)));
};

/** A matrix `[out, in]` that takes inputs whose gain `[in]` was left out: `(n ⊙ g)·Wᵀ = n·(W ⊙ g)ᵀ`. */
export const withGain = (weight: Traced, gain: Traced): Traced => weight.mul(gain);

/** A linear map of rows: `[rows, in] · [out, in]ᵀ`. */
export const project = (rows: Traced, weight: Traced): Traced => np.matmul(rows, weight.transpose());

/** The gated hidden units `silu(n·Wgᵀ) ⊙ (n·Wuᵀ)`, `[rows, hidden]`, of normalised rows `[rows, d]`; gains are in the matrices. */
export const gatedUnits = (normalised: Traced, gate: Traced, up: Traced): Traced =>
  silu(project(normalised.ref, gate)).mul(project(normalised, up));

/**
 * Attention weights `[…, queries, keys]` of queries and keys `[…, positions, head width]` whose product is scaled already.
 *
 * @param mask true where a query may look, broadcast over the weights; every query has a key to look at
 */
export const attentionWeights = (queries: Traced, keys: Traced, mask?: Traced): Traced => {
  const scores = np.matmul(queries, np.matrixTranspose(keys));
  return softmax(scores, mask);
};

/**
 * Cosines and sines `[positions, head width / 2]` of the rotary angles `t · θ^(−2j / head width)`.
 *
 * Source: Su et al., arXiv 2104.09864, in the layout of Hugging Face's Llama: a head's first half is paired with its second.
 */
export const rotaryAngles = (
  positions: number,
  width: number,
): { readonly cosines: Float64Array; readonly sines: Float64Array } => {
  const half = width / 2;
  const angle = (index: number) => Math.floor(index / half) * ROTARY_BASE ** ((-2 * (index % half)) / width);
  return {
    cosines: Float64Array.from({ length: positions * half }, (_, index) => Math.cos(angle(index))),
    sines: Float64Array.from({ length: positions * half }, (_, index) => Math.sin(angle(index))),
  };
};

/**
 * The rotations of all positions side by side, `[head width, positions × head width]`, to multiply rows by: column block
 * `t` holds `R_tᵀ`.
 *
 * Scaled by the fourth root of the head width, once for queries and once for keys: their product is then divided by its
 * square root, as attention wants.
 */
export const rotations = (positions: number, width: number): Traced => {
  const half = width / 2;
  const { cosines, sines } = rotaryAngles(positions, width);
  const scale = width ** -0.25;
  const columns = positions * width;
  const matrix = new Float32Array(width * columns);
  for (let t = 0; t < positions; t++) {
    for (let j = 0; j < half; j++) {
      const cosine = scale * (cosines[t * half + j] as number);
      const sine = scale * (sines[t * half + j] as number);
      // out = x·cos + rotate_half(x)·sin, rotate_half(x) = (−second half, first half)
      matrix[j * columns + t * width + j] = cosine;
      matrix[(j + half) * columns + t * width + j] = -sine;
      matrix[j * columns + t * width + j + half] = sine;
      matrix[(j + half) * columns + t * width + j + half] = cosine;
    }
  }
  return np.array(matrix, { shape: [width, columns] });
};

/**
 * Turns the heads of rows by their positions, elementwise, scaled as {@link rotations} scales.
 *
 * @param x `[…, heads, head width]`
 * @param cosines of each row, `[…, 1, head width / 2]`, times the scale
 * @param sines likewise
 */
export const rotate = (x: Traced, cosines: Traced, sines: Traced): Traced => {
  const [first, second] = np.split(x, 2, -1) as [Traced, Traced];
  return np.concatenate(
    [first.ref.mul(cosines.ref).sub(second.ref.mul(sines.ref)), second.mul(cosines).add(first.mul(sines))],
    -1,
  );
};

/** A whole number as int32: a plain one would be float32. */
export const wholeNumber = (number: number): Traced => np.array(Int32Array.of(number), { shape: [1] });

/** Vocabularies up to this size are embedded by a one-hot matrix product; for larger ones a gather is faster. */
const ONE_HOT_ROWS = 64;

/** One-hot rows `[…ids, count]` as float32. */
export const oneHot = (ids: Traced, count: number): Traced => {
  const { shape } = ids;
  const all = np.arange(count).reshape([...shape.map(() => 1), count]);
  return np.where(np.equal(ids.reshape([...shape, 1]), all), 1, 0).astype(np.float32);
};

/** Rows `[ids, width]` of a table `[count, width]`; `ids` is flat. */
export const rowsOf = (table: Traced, ids: Traced): Traced => {
  const count = table.shape[0] as number;
  if (count <= ONE_HOT_ROWS) return np.matmul(oneHot(ids, count), table);
  // jax-js 0.1.25 cannot compile a scatter, the gather's gradient, by indices that are only a view of others
  return np.take(table, np.where(np.less(ids.ref, wholeNumber(0)), wholeNumber(0), ids), 0);
};
