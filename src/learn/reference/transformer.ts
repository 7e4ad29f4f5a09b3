import type { Tensors } from "../engine/tensor.ts";
import {
  type Architecture,
  EMBEDDING,
  FINAL_GAIN,
  headWidth,
  type LayerWeight,
  layerParameter,
  SCORE,
} from "../models/architecture.ts";
import {
  addTo,
  attention,
  attentionBackward,
  linear,
  linearBackward,
  rmsNorm,
  rmsNormBackward,
  rotary,
  swiglu,
  swigluBackward,
} from "./operations.ts";

/** Weights or gradients in float64, by parameter name. */
export type Weights = Readonly<Record<string, Float64Array>>;

/** An output, and how a gradient with respect to it becomes one with respect to what it came from. */
export interface Taped {
  readonly value: Float64Array;
  /** Adds to `gradient`; returns the gradient with respect to the input. */
  backward(dvalue: Float64Array): Float64Array;
}

/** Weights in float64. */
export const weightsOf = (tensors: Tensors): Weights =>
  Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, Float64Array.from(data)]));

/** Zeros of the same shapes, to add gradients to. */
export const zeroGradient = (weights: Weights): Weights =>
  Object.fromEntries(Object.entries(weights).map(([name, { length }]) => [name, new Float64Array(length)]));

/**
 * Logits `[positions × actions]` of one sequence of embedding rows by the causal Transformer, in float64.
 *
 * @param gradient where the backward function adds the gradients of the weights
 */
export const armReference = (
  model: Architecture,
  weights: Weights,
  ids: readonly number[],
  gradient: Weights = zeroGradient(weights),
): Taped => {
  const { width, actions } = model;
  const stream = streamOf(model, weights, ids, true, gradient);
  const normalised = rmsNorm(stream.value, of(weights, FINAL_GAIN));
  // the tied output matrix: the embedding's first rows
  const [outputs, doutputs] = [of(weights, EMBEDDING), of(gradient, EMBEDDING)].map((all) =>
    all.subarray(0, actions * width),
  ) as [Float64Array, Float64Array];
  return {
    value: linear(normalised, outputs, width),
    backward: (dlogits) => {
      const dnormalised = linearBackward(dlogits, normalised, outputs, doutputs, width);
      const { value } = stream;
      return stream.backward(rmsNormBackward(dnormalised, value, of(weights, FINAL_GAIN), of(gradient, FINAL_GAIN)));
    },
  };
};

/**
 * Score `[1]` of one response by the bidirectional Transformer, in float64: `⟨score, norm(mean_t h_t)⟩`.
 *
 * @param ids embedding rows of the actions, EOS included and nothing after it; the prompt's row first where there are prompts
 */
export const ebmReference = (
  model: Architecture,
  weights: Weights,
  ids: readonly number[],
  gradient: Weights = zeroGradient(weights),
): Taped => {
  const { width } = model;
  const stream = streamOf(model, weights, ids, false, gradient);
  const pooled = new Float64Array(width);
  stream.value.forEach((h, i) => {
    pooled[i % width] = (pooled[i % width] as number) + h / ids.length;
  });
  const normalised = rmsNorm(pooled, of(weights, FINAL_GAIN));
  return {
    value: linear(normalised, of(weights, SCORE), width),
    backward: (dscore) => {
      const dnormalised = linearBackward(dscore, normalised, of(weights, SCORE), of(gradient, SCORE), width);
      const dpooled = rmsNormBackward(dnormalised, pooled, of(weights, FINAL_GAIN), of(gradient, FINAL_GAIN));
      return stream.backward(stream.value.map((_, i) => (dpooled[i % width] as number) / ids.length));
    },
  };
};

/** The residual stream `[positions × width]` after all layers. */
const streamOf = (
  model: Architecture,
  weights: Weights,
  ids: readonly number[],
  causal: boolean,
  gradient: Weights,
): Taped => {
  const { width } = model;
  const embedding = of(weights, EMBEDDING);
  let value = new Float64Array(ids.length * width);
  ids.forEach((id, t) => {
    value.set(embedding.subarray(id * width, (id + 1) * width), t * width);
  });
  const layers: Taped[] = [];
  for (let index = 0; index < model.layers; index++) {
    for (const block of [attentionBlock, feedForwardBlock]) {
      const layer = block(model, weights, value, index, causal, gradient);
      layers.push(layer);
      value = Float64Array.from(layer.value);
    }
  }
  return {
    value,
    backward: (dvalue) => {
      const dstream = layers.reduceRight((d, layer) => layer.backward(d), dvalue);
      const dembedding = of(gradient, EMBEDDING);
      ids.forEach((id, t) => {
        addTo(dembedding.subarray(id * width, (id + 1) * width), dstream.subarray(t * width, (t + 1) * width));
      });
      return dstream;
    },
  };
};

/** `x + attention(norm(x))·W_oᵀ`. */
const attentionBlock = (
  model: Architecture,
  weights: Weights,
  x: Float64Array,
  index: number,
  causal: boolean,
  gradient: Weights,
): Taped => {
  const { width } = model;
  const head = headWidth(model);
  const shape = { width, head, causal };
  const w = (weight: LayerWeight) => of(weights, layerParameter(index, weight));
  const dw = (weight: LayerWeight) => of(gradient, layerParameter(index, weight));
  const normalised = rmsNorm(x, w("attentionGain"));
  const attended = {
    queries: rotary(linear(normalised, w("query"), width), width, head, 1),
    keys: rotary(linear(normalised, w("key"), width), width, head, 1),
    values: linear(normalised, w("value"), width),
  };
  const mixed = attention(attended, shape);
  const value = linear(mixed, w("output"), width);
  addTo(value, x);
  return {
    value,
    backward: (dvalue) => {
      const dmixed = linearBackward(dvalue, mixed, w("output"), dw("output"), width);
      const d = attentionBackward(dmixed, attended, shape);
      const dnormalised = linearBackward(d.values, normalised, w("value"), dw("value"), width);
      for (const [name, turned] of [["query", d.queries] as const, ["key", d.keys] as const]) {
        const back = rotary(turned, width, head, -1);
        addTo(dnormalised, linearBackward(back, normalised, w(name), dw(name), width));
      }
      const dx = rmsNormBackward(dnormalised, x, w("attentionGain"), dw("attentionGain"));
      addTo(dx, dvalue);
      return dx;
    },
  };
};

/** `x + (silu(norm(x)·W_gᵀ) ⊙ norm(x)·W_uᵀ)·W_dᵀ`. */
const feedForwardBlock = (
  model: Architecture,
  weights: Weights,
  x: Float64Array,
  index: number,
  _causal: boolean,
  gradient: Weights,
): Taped => {
  const { width, hidden } = model;
  const w = (weight: LayerWeight) => of(weights, layerParameter(index, weight));
  const dw = (weight: LayerWeight) => of(gradient, layerParameter(index, weight));
  const normalised = rmsNorm(x, w("feedForwardGain"));
  const gate = linear(normalised, w("gate"), width);
  const up = linear(normalised, w("up"), width);
  const units = swiglu(gate, up);
  const value = linear(units, w("down"), hidden);
  addTo(value, x);
  return {
    value,
    backward: (dvalue) => {
      const dunits = linearBackward(dvalue, units, w("down"), dw("down"), hidden);
      const { dgate, dup } = swigluBackward(dunits, gate, up);
      const dnormalised = linearBackward(dgate, normalised, w("gate"), dw("gate"), width);
      addTo(dnormalised, linearBackward(dup, normalised, w("up"), dw("up"), width));
      const dx = rmsNormBackward(dnormalised, x, w("feedForwardGain"), dw("feedForwardGain"));
      addTo(dx, dvalue);
      return dx;
    },
  };
};

const of = (weights: Weights, name: string): Float64Array => weights[name] as Float64Array;
