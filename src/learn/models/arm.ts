import { numpy as np } from "@jax-js/jax";
import type { Arrays } from "../engine/engine.ts";
import { type Architecture, EMBEDDING, FINAL_GAIN, headWidth } from "./architecture.ts";
import {
  attentionWeights,
  gatedUnits,
  project,
  rmsNormalise,
  rotaryAngles,
  rotate,
  rowsOf,
  type Traced,
  withGain,
} from "./blocks.ts";
import { layerOf, weightOf } from "./weights.ts";

/** How rows look at others: a layer's mixed values `[rows, d]` from its turned queries and keys `[rows, H, head]` and values `[rows, d]`. */
type Look = (queries: Traced, keys: Traced, values: Traced) => Traced;

/**
 * Logits `[B·T, actions]`, in nats, of the next action at every position of sequences by a causal Transformer.
 *
 * A traced function of the weights and `tokens` `[B, T]` int32: embedding rows, of which a response's first is its prompt or
 * the beginning (`firstToken`); a window of a long text begins wherever it begins. `T` may be any length.
 */
export const armSequenceLogits =
  (model: Architecture) =>
  (weights: Arrays, chunk: Arrays): Traced => {
    const { width, heads } = model;
    const head = headWidth(model);
    const tokens = weightOf(chunk, "tokens");
    const [batch, length] = tokens.shape as [number, number];
    const { cosines, sines } = rotaryAngles(length, head);
    const causal = np.array(Array.from({ length }, (_, query) => Array.from({ length }, (__, key) => key <= query)));
    const byHead = (rows: Traced) => rows.reshape([batch, length, heads, head]).transpose([0, 2, 1, 3]);
    const look: Look = (queries, keys, values) => {
      const attention = attentionWeights(byHead(queries), byHead(keys), causal.ref);
      return np
        .matmul(attention, byHead(values))
        .transpose([0, 2, 1, 3])
        .reshape([batch * length, width]);
    };
    const perRow = (angles: Float64Array) => constantAngles(angles, [1, length, 1, head / 2], head);
    const turn = (rows: Traced) => rotate(rows.reshape([batch, length, heads, head]), perRow(cosines), perRow(sines));
    const logits = armLogits(model, weights, tokens.reshape([batch * length]), turn, look);
    causal.dispose();
    return logits;
  };

/**
 * Logits `[S, actions]`, in nats, after distinct prefixes: each prefix is computed once, however many responses begin with it.
 *
 * A traced function of the weights and, of each prefix, `token` `[S]` int32, the embedding row of its last token (of its prompt or
 * beginning where it is empty), `depth` `[S]` int32, its number of tokens, and `ancestors` `[S, T]` int32: in which row the
 * chunk holds its first `0, 1, …, depth` tokens, itself included; what follows is any row. Causality makes keys and values of a
 * prefix those of every response through it.
 */
export const armStateLogits =
  (model: Architecture) =>
  (weights: Arrays, chunk: Arrays): Traced =>
    stateLogits(model, weights, chunk);

/** The same as `logits`, with keys and values of each prefix as {@link armNextLogits} gives them, `present.{layer}` `[S, 2d]`. */
export const armFirstLogits =
  (model: Architecture) =>
  (weights: Arrays, chunk: Arrays): Arrays => {
    const present: Traced[] = [];
    const logits = stateLogits(model, weights, chunk, (both) => present.push(both));
    return { logits, ...presentOf(present) };
  };

const presentOf = (present: readonly Traced[]): Arrays =>
  Object.fromEntries(present.map((both, layer) => [presentName(layer), both]));

/** @param keep is given keys and values of each layer, `[S, 2d]` */
const stateLogits = (model: Architecture, weights: Arrays, chunk: Arrays, keep?: (both: Traced) => void): Traced => {
  const { width } = model;
  const ancestors = weightOf(chunk, "ancestors");
  const depth = weightOf(chunk, "depth");
  const [states, horizon] = ancestors.shape as [number, number];
  const seen = np.lessEqual(np.arange(horizon).reshape([1, 1, 1, horizon]), depth.ref.reshape([states, 1, 1, 1]));
  const look: Look = (queries, keys, values) => {
    const both = np.concatenate([keys.reshape([states, width]), values], -1);
    keep?.(both.ref);
    return lookBack(model, queries, np.take(both, ancestors.ref, 0), seen.ref);
  };
  const { turn, angles } = turnByDepth(model, depth, horizon);
  const logits = armLogits(model, weights, weightOf(chunk, "token"), turn, look);
  for (const array of [...angles, ancestors, seen, depth]) array.dispose();
  return logits;
};

/** What rows see through their queries `[S, d]` in keys and values of their first tokens, `[S, T, 2d]`: `[S, d]`. */
const lookBack = (model: Architecture, queries: Traced, both: Traced, seen: Traced): Traced => {
  const [states, horizon] = both.shape as [number, number];
  const { width, heads } = model;
  const head = headWidth(model);
  // split before any change of shape: jax-js 0.1.25 cannot compile a scatter, the gather's gradient, of a reshaped array
  const [pastKeys, pastValues] = np.split(both, 2, -1) as [Traced, Traced];
  const byHead = (rows: Traced) => rows.reshape([states, horizon, heads, head]).transpose([0, 2, 1, 3]);
  const attention = attentionWeights(queries.reshape([states, heads, 1, head]), byHead(pastKeys), seen);
  return np.matmul(attention, byHead(pastValues)).reshape([states, width]);
};

/** Turns rows of prefixes by their depths `[S]`; the angles are the caller's to dispose of. */
const turnByDepth = (model: Architecture, depth: Traced, horizon: number) => {
  const head = headWidth(model);
  const states = depth.shape[0] as number;
  const { cosines, sines } = rotaryAngles(horizon, head);
  const perRow = (angles: Float64Array) =>
    rowsOf(constantAngles(angles, [horizon, head / 2], head), depth.ref).reshape([states, 1, head / 2]);
  const [cosineRows, sineRows] = [perRow(cosines), perRow(sines)];
  const turn = (rows: Traced) => rotate(rows.reshape([states, model.heads, head]), cosineRows.ref, sineRows.ref);
  return { turn, angles: [cosineRows, sineRows] };
};

/**
 * Logits `[S, actions]`, in nats, after prefixes one token longer than those whose keys and values are known, and those of the prefixes
 * themselves: how responses are drawn token by token.
 *
 * A traced function of the weights and, of each prefix, `token` `[S]` and `depth` `[S]` as for {@link armStateLogits}, and of each layer
 * `past.{layer}` `[S, T, 2d]`, in row `t` keys and values of its first `t` tokens; rows from `depth` on are not read. Gives `logits` and
 * `present.{layer}` `[S, 2d]`, the prefix's own.
 */
export const armNextLogits =
  (model: Architecture) =>
  (weights: Arrays, chunk: Arrays): Arrays => {
    const { width, horizon } = model;
    const depth = weightOf(chunk, "depth");
    const states = depth.shape[0] as number;
    const places = np.arange(horizon).reshape([1, horizon]);
    const own = np.equal(places.ref, depth.ref.reshape([states, 1])).reshape([states, horizon, 1]);
    const seen = np.lessEqual(places, depth.ref.reshape([states, 1])).reshape([states, 1, 1, horizon]);
    const present: Traced[] = [];
    const look: Look = (queries, keys, values) => {
      const both = np.concatenate([keys.reshape([states, width]), values], -1);
      const past = weightOf(chunk, pastName(present.length));
      present.push(both.ref);
      return lookBack(model, queries, np.where(own.ref, both.reshape([states, 1, 2 * width]), past), seen.ref);
    };
    const { turn, angles } = turnByDepth(model, depth, horizon);
    const logits = armLogits(model, weights, weightOf(chunk, "token"), turn, look);
    for (const array of [...angles, own, seen, depth]) array.dispose();
    return { logits, ...presentOf(present) };
  };

/** Names of keys and values of a layer: of a prefix's beginnings, and of the prefix itself. */
export const pastName = (layer: number): string => `past.${layer}`;
export const presentName = (layer: number): string => `present.${layer}`;

/** The fourth root of the head width divides queries and keys, so that its square root divides their products. */
export const constantAngles = (angles: Float64Array, shape: number[], head: number): Traced =>
  np.array(
    Float32Array.from(angles, (x) => x * head ** -0.25),
    { shape },
  );

/** The causal Transformer on flat rows; the output matrix is the embedding's first rows. */
export const armLogits = (
  model: Architecture,
  weights: Arrays,
  ids: Traced,
  turn: (rows: Traced) => Traced,
  look: Look,
): Traced => {
  const embedding = weightOf(weights, EMBEDDING);
  let stream = rowsOf(embedding.ref, ids);
  for (let index = 0; index < model.layers; index++) {
    const layer = layerOf(weights, index);
    const normalised = rmsNormalise(stream.ref);
    const mixed = look(
      turn(project(normalised.ref, withGain(layer.query, layer.attentionGain.ref))),
      turn(project(normalised.ref, withGain(layer.key, layer.attentionGain.ref))),
      project(normalised, withGain(layer.value, layer.attentionGain)),
    );
    stream = stream.add(project(mixed, layer.output));
    const units = gatedUnits(
      rmsNormalise(stream.ref),
      withGain(layer.gate, layer.feedForwardGain.ref),
      withGain(layer.up, layer.feedForwardGain),
    );
    stream = stream.add(project(units, layer.down));
  }
  const outputs = withGain(embedding.slice([0, model.actions]), weightOf(weights, FINAL_GAIN));
  return project(rmsNormalise(stream), outputs);
};
