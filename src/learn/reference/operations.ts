import { RMS_EPSILON, ROTARY_BASE } from "../models/architecture.ts";

/**
 * The plain float64 loops that the traced models are tested against, forward and backward.
 *
 * Arrays are row-major. A backward function takes the gradient of the loss with respect to the output, adds to the gradients of
 * the weights it is given, and returns the gradient with respect to the input.
 */

/** `out[r,o] = Σ_i x[r,i]·w[o,i]` of rows `[rows × inputs]` and a matrix `[outputs × inputs]`. */
export const linear = (x: Float64Array, w: Float64Array, inputs: number): Float64Array => {
  const rows = x.length / inputs;
  const outputs = w.length / inputs;
  const out = new Float64Array(rows * outputs);
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < outputs; o++) {
      let sum = 0;
      for (let i = 0; i < inputs; i++) sum += at(x, r * inputs + i) * at(w, o * inputs + i);
      out[r * outputs + o] = sum;
    }
  }
  return out;
};

/** Backward of {@link linear}: `dx = dout·w`, `dw += doutᵀ·x`. */
export const linearBackward = (
  dout: Float64Array,
  x: Float64Array,
  w: Float64Array,
  dw: Float64Array,
  inputs: number,
): Float64Array => {
  const rows = x.length / inputs;
  const outputs = w.length / inputs;
  const dx = new Float64Array(x.length);
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < outputs; o++) {
      const d = at(dout, r * outputs + o);
      for (let i = 0; i < inputs; i++) {
        add(dx, r * inputs + i, d * at(w, o * inputs + i));
        add(dw, o * inputs + i, d * at(x, r * inputs + i));
      }
    }
  }
  return dx;
};

/** `out = gain ⊙ x / √(mean(x²) + ε)`, row by row. */
export const rmsNorm = (x: Float64Array, gain: Float64Array): Float64Array => {
  const width = gain.length;
  const out = new Float64Array(x.length);
  for (let row = 0; row < x.length; row += width) {
    const scale = scaleOf(x, row, width);
    for (let i = 0; i < width; i++) out[row + i] = at(gain, i) * at(x, row + i) * scale;
  }
  return out;
};

const scaleOf = (x: Float64Array, row: number, width: number): number => {
  let squares = 0;
  for (let i = 0; i < width; i++) squares += at(x, row + i) ** 2;
  return 1 / Math.sqrt(squares / width + RMS_EPSILON);
};

/** Backward of {@link rmsNorm}: with `s` the scale and `u = gain ⊙ dout`, `dx = s·u − x·s³·mean(u ⊙ x)`. */
export const rmsNormBackward = (
  dout: Float64Array,
  x: Float64Array,
  gain: Float64Array,
  dgain: Float64Array,
): Float64Array => {
  const width = gain.length;
  const dx = new Float64Array(x.length);
  for (let row = 0; row < x.length; row += width) {
    const scale = scaleOf(x, row, width);
    let mean = 0;
    for (let i = 0; i < width; i++) mean += (at(gain, i) * at(dout, row + i) * at(x, row + i)) / width;
    for (let i = 0; i < width; i++) {
      add(dgain, i, at(dout, row + i) * at(x, row + i) * scale);
      dx[row + i] = scale * at(gain, i) * at(dout, row + i) - at(x, row + i) * scale ** 3 * mean;
    }
  }
  return dx;
};

/**
 * Rotary positions: in each head, coordinate `j` and `j + head/2` of position `t` turn by `t·θ^(−2j/head)`.
 *
 * @param sense 1 forward; −1 turns back, which is the backward function, since a rotation's transpose is its inverse
 */
export const rotary = (x: Float64Array, width: number, head: number, sense: 1 | -1): Float64Array => {
  const out = new Float64Array(x.length);
  const half = head / 2;
  for (let t = 0; t * width < x.length; t++) {
    for (let first = t * width; first < (t + 1) * width; first += head) {
      for (let j = 0; j < half; j++) {
        const angle = sense * t * ROTARY_BASE ** ((-2 * j) / head);
        const [a, b] = [at(x, first + j), at(x, first + j + half)];
        out[first + j] = a * Math.cos(angle) - b * Math.sin(angle);
        out[first + j + half] = b * Math.cos(angle) + a * Math.sin(angle);
      }
    }
  }
  return out;
};

/** Queries, keys and values of one sequence, `[positions × width]` each, all heads side by side. */
export interface Attended {
  readonly queries: Float64Array;
  readonly keys: Float64Array;
  readonly values: Float64Array;
}

/** How a sequence attends. */
export interface AttentionShape {
  readonly width: number;
  readonly head: number;
  /** Whether a position sees only itself and what stands before it. */
  readonly causal: boolean;
}

/** Softmax attention weights `[heads × positions × positions]`, 0 where a key is hidden. */
const attentionWeights = ({ queries, keys }: Attended, { width, head, causal }: AttentionShape): Float64Array => {
  const positions = queries.length / width;
  const weights = new Float64Array((width / head) * positions * positions);
  for (let h = 0; h * head < width; h++) {
    for (let t = 0; t < positions; t++) {
      const seen = causal ? t + 1 : positions;
      const row = (h * positions + t) * positions;
      let max = -Infinity;
      for (let s = 0; s < seen; s++) {
        let product = 0;
        for (let i = 0; i < head; i++)
          product += at(queries, t * width + h * head + i) * at(keys, s * width + h * head + i);
        weights[row + s] = product / Math.sqrt(head);
        max = Math.max(max, at(weights, row + s));
      }
      let sum = 0;
      for (let s = 0; s < seen; s++) sum += weights[row + s] = Math.exp(at(weights, row + s) - max);
      for (let s = 0; s < seen; s++) weights[row + s] = at(weights, row + s) / sum;
    }
  }
  return weights;
};

/** `out[t] = Σ_s softmax_s(q_t·k_s/√head)·v_s`, head by head. */
export const attention = (attended: Attended, shape: AttentionShape): Float64Array => {
  const { width, head } = shape;
  const weights = attentionWeights(attended, shape);
  const positions = attended.queries.length / width;
  const out = new Float64Array(attended.queries.length);
  for (let t = 0; t < positions; t++) {
    for (let c = 0; c < width; c++) {
      const row = (Math.floor(c / head) * positions + t) * positions;
      for (let s = 0; s < positions; s++)
        add(out, t * width + c, at(weights, row + s) * at(attended.values, s * width + c));
    }
  }
  return out;
};

/** Backward of {@link attention}: gradients of queries, keys and values. */
export const attentionBackward = (dout: Float64Array, attended: Attended, shape: AttentionShape): Attended => {
  const { width, head } = shape;
  const { queries, keys, values } = attended;
  const weights = attentionWeights(attended, shape);
  const positions = queries.length / width;
  const of = () => new Float64Array(queries.length);
  const [dqueries, dkeys, dvalues] = [of(), of(), of()];
  for (let h = 0; h * head < width; h++) {
    for (let t = 0; t < positions; t++) {
      const row = (h * positions + t) * positions;
      const dweights = new Float64Array(positions);
      let mean = 0;
      for (let s = 0; s < positions; s++) {
        for (let c = h * head; c < (h + 1) * head; c++) {
          dweights[s] = at(dweights, s) + at(dout, t * width + c) * at(values, s * width + c);
          add(dvalues, s * width + c, at(weights, row + s) * at(dout, t * width + c));
        }
        mean += at(weights, row + s) * at(dweights, s);
      }
      for (let s = 0; s < positions; s++) {
        const dproduct = (at(weights, row + s) * (at(dweights, s) - mean)) / Math.sqrt(head);
        for (let c = h * head; c < (h + 1) * head; c++) {
          add(dqueries, t * width + c, dproduct * at(keys, s * width + c));
          add(dkeys, s * width + c, dproduct * at(queries, t * width + c));
        }
      }
    }
  }
  return { queries: dqueries, keys: dkeys, values: dvalues };
};

/** `out = silu(gate) ⊙ up` with `silu(x) = x·σ(x)`. */
export const swiglu = (gate: Float64Array, up: Float64Array): Float64Array =>
  gate.map((g, i) => (g / (1 + Math.exp(-g))) * at(up, i));

/** Backward of {@link swiglu}: `silu′(x) = σ(x)·(1 + x·(1 − σ(x)))`. */
export const swigluBackward = (
  dout: Float64Array,
  gate: Float64Array,
  up: Float64Array,
): { readonly dgate: Float64Array; readonly dup: Float64Array } => {
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  return {
    dgate: gate.map((g, i) => at(dout, i) * at(up, i) * sigmoid(g) * (1 + g * (1 - sigmoid(g)))),
    dup: gate.map((g, i) => at(dout, i) * g * sigmoid(g)),
  };
};

/** Adds `y` to `x`, in place. */
export const addTo = (x: Float64Array, y: Float64Array): void => {
  for (let i = 0; i < x.length; i++) x[i] = at(x, i) + at(y, i);
};

const at = (x: Float64Array, i: number): number => x[i] as number;

const add = (x: Float64Array, i: number, y: number): void => {
  x[i] = at(x, i) + y;
};
