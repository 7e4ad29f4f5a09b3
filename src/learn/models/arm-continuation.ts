import { numpy as np } from "@jax-js/jax";
import type { Arrays } from "../engine/engine.ts";
import { type Architecture, headWidth } from "./architecture.ts";
import { armLogits, constantAngles } from "./arm.ts";
import { attentionWeights, rotaryAngles, rotate, rowsOf, type Traced, wholeNumber } from "./blocks.ts";
import { weightOf } from "./weights.ts";

/**
 * Logits after tokens that go on from others, whose keys and values are given, by a causal Transformer.
 *
 * A traced function of the weights and, with `B` sequences, `s` new tokens each and room for `p` past ones:
 * `tokens` `[B, s]` int32, embedding rows; `positions` `[s]` int32, their places, `< horizon`; `seen` `[s, p + s]` int32, 1 where a
 * new token looks at a past or new one; `past.{i}` `[B, heads, p, head width]`, of layer `i/2` the keys where `i` is even, the
 * values where it is odd.
 *
 * It gives `logits` `[B·s, actions]`, in nats, and `new.{i}` `[B, heads, s, head width]`, what the new tokens add to the past.
 */
export const armContinuation =
  (model: Architecture) =>
  (weights: Arrays, chunk: Arrays): Arrays => {
    const { width, heads, horizon } = model;
    const head = headWidth(model);
    const tokens = weightOf(chunk, "tokens");
    const [batch, fresh] = tokens.shape as [number, number];
    const seen = np.less(wholeNumber(0), weightOf(chunk, "seen"));
    const positions = weightOf(chunk, "positions");
    const { cosines, sines } = rotaryAngles(horizon, head);
    const perRow = (angles: Float64Array) =>
      rowsOf(constantAngles(angles, [horizon, head / 2], head), positions.ref).reshape([1, fresh, 1, head / 2]);
    const [cosineRows, sineRows] = [perRow(cosines), perRow(sines)];
    const turn = (rows: Traced) => rotate(rows.reshape([batch, fresh, heads, head]), cosineRows.ref, sineRows.ref);
    const byHead = (rows: Traced) => rows.reshape([batch, fresh, heads, head]).transpose([0, 2, 1, 3]);
    const outputs: Arrays = {};
    let part = 0;
    /** Past and new keys or values of a layer; the new ones are kept. */
    const all = (rows: Traced): Traced => {
      const added = byHead(rows);
      outputs[`new.${part}`] = added.ref;
      return np.concatenate([weightOf(chunk, `past.${part++}`), added], 2);
    };
    const logits = armLogits(model, weights, tokens.reshape([batch * fresh]), turn, (queries, keys, values) => {
      const attention = attentionWeights(byHead(queries), all(keys), seen.ref);
      return np
        .matmul(attention, all(values))
        .transpose([0, 2, 1, 3])
        .reshape([batch * fresh, width]);
    });
    for (const array of [cosineRows, sineRows, seen, positions]) array.dispose();
    return { ...outputs, logits };
  };
