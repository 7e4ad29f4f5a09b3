import { numpy as np } from "@jax-js/jax";
import type { Arrays } from "../engine/engine.ts";
import {
  type Architecture,
  EMBEDDING,
  embeddingRows,
  FINAL_GAIN,
  headWidth,
  positionsOf,
  SCORE,
} from "./architecture.ts";
import {
  attentionWeights,
  gatedUnits,
  oneHot,
  project,
  rmsNormalise,
  rotaryAngles,
  rotate,
  rotations,
  rowsOf,
  type Traced,
  withGain,
} from "./blocks.ts";
import { layerOf, weightOf } from "./weights.ts";

/** Ways to compute the same scores; which is fastest depends on the engine, see the bench. */
export interface EbmChoices {
  /**
   * Where rotary positions act after the first layer: on the weights, one rotated copy per position, or on queries and keys
   * row by row. Default: on the weights up to 16 positions.
   */
  readonly rotary?: "weights" | "activations";
  /**
   * How the first layer looks up what depends on the token alone: it is worked out for the whole vocabulary, and rows are picked
   * from the tables by one-hot products, or each row is worked out by itself. Default: tables up to 32 embedding rows.
   */
  readonly firstLayer?: "tables" | "rows";
}

const POSITIONS_ON_WEIGHTS = 16;
const TABLE_ROWS = 32;

/**
 * Scores `R(x,y)` `[N]`, in nats, of responses by a bidirectional Transformer: `⟨score, norm(mean_t h_t)⟩`.
 *
 * A traced function of the weights and `tokens` `[N, T]` int32, with `lengths` `[N]` int32 (actions, EOS included) where the
 * architecture has EOS, and `prompt` `[N]` int32 where it has prompts. What stands after EOS is neither looked at nor pooled;
 * a prompt is both.
 *
 * Rows are position-major, `[P·N, d]`, so that positions are the leading axis of batched products. It computes less than
 * written down naively, by exact algebra: gains are folded into the next matrix, the first layer's normalised tokens, queries, keys and
 * values are worked out per token of the vocabulary instead of per row, rotary positions turn the weights instead of the
 * rows, and the last down-projection acts on the mean over positions, with which it commutes.
 */
export const ebmScores = (model: Architecture, choices: EbmChoices = {}) => {
  const positions = positionsOf(model);
  const {
    rotary = positions <= POSITIONS_ON_WEIGHTS ? "weights" : "activations",
    firstLayer = embeddingRows(model) <= TABLE_ROWS ? "tables" : "rows",
  } = choices;
  return (weights: Arrays, chunk: Arrays): Traced => {
    const ids = idsByPosition(model, chunk);
    const count = ids.shape[1] as number;
    const real = realPositions(model, chunk);
    const mask = real?.ref.transpose().reshape([count, 1, 1, positions]);
    const embedding = weightOf(weights, EMBEDDING);

    let stream: Traced;
    const first = layerOf(weights, 0);
    let layer = first;
    if (firstLayer === "tables") stream = firstFromTables(model, embedding, layer, ids, mask?.ref);
    else {
      stream = rowsOf(embedding, ids.reshape([positions * count]));
      stream = attend(model, stream, layer, rotary, mask?.ref);
    }
    for (let index = 1; index < model.layers; index++) {
      const units = gatedUnits(rmsNormalise(stream.ref), { ...layer, gain: layer.feedForwardGain });
      stream = stream.add(project(units, layer.down));
      layer = layerOf(weights, index);
      stream = attend(model, stream, layer, rotary, mask?.ref);
    }
    mask?.dispose();
    const units = gatedUnits(rmsNormalise(stream.ref), { ...layer, gain: layer.feedForwardGain });
    const pooled = poolOf(stream, count, real?.ref).add(project(poolOf(units, count, real), layer.down));
    const direction = withGain(weightOf(weights, SCORE), weightOf(weights, FINAL_GAIN));
    return project(rmsNormalise(pooled), direction).reshape([count]);
  };
};

/** Embedding rows `[P, N]` that the model reads, prompts first. */
const idsByPosition = ({ prompts, actions }: Architecture, chunk: Arrays): Traced => {
  const tokens = weightOf(chunk, "tokens").transpose();
  if (prompts === 0) return tokens;
  return np.concatenate([weightOf(chunk, "prompt").add(actions).reshape([1, -1]), tokens], 0);
};

/** Which positions `[P, N]` are real; undefined where all are. */
const realPositions = (model: Architecture, chunk: Arrays): Traced | undefined => {
  if (!model.eos) return undefined;
  const lengths = weightOf(chunk, "lengths");
  const ends = model.prompts > 0 ? lengths.add(1) : lengths;
  const positions = np.arange(positionsOf(model)).reshape([-1, 1]);
  return np.less(positions, ends.reshape([1, -1]));
};

/** Mean of rows `[P·N, width]` over the real positions, `[N, width]`. */
const poolOf = (rows: Traced, count: number, real: Traced | undefined): Traced => {
  const byPosition = rows.reshape([-1, count, rows.shape[1] as number]);
  if (real === undefined) return np.mean(byPosition, 0);
  const kept = np.where(real.reshape([-1, count, 1]), 1, 0).astype(np.float32);
  const lengths = np.sum(kept.ref, 0);
  return np.sum(byPosition.mul(kept), 0).mul(np.reciprocal(lengths));
};

/**
 * The embedded rows after the first layer's attention, `[P·N, d]`, from tables over the vocabulary.
 *
 * Queries and keys depend on token and position, so two one-hot rows pick them. Values depend on the token alone: the
 * attention weights of equal tokens are added up, `[P·N, heads · rows]`, and multiplied by the table of `W_o,h·v_h`.
 */
const firstFromTables = (
  model: Architecture,
  embedding: Traced,
  layer: ReturnType<typeof layerOf>,
  ids: Traced,
  mask: Traced | undefined,
): Traced => {
  const { width, heads } = model;
  const [head, positions, rows] = [headWidth(model), positionsOf(model), embeddingRows(model)];
  const count = ids.shape[1] as number;
  const normalised = rmsNormalise(embedding.ref);
  // Row t·rows + i of a table is token i at position t.
  const places = np.arange(positions).mul(rows).astype(np.int32).reshape([positions, 1]);
  const placed = oneHot(ids.ref.add(places), positions * rows).reshape([positions * count, positions * rows]);
  const turned = (weight: Traced): Traced => {
    const table = np
      .matmul(
        project(normalised.ref, withGain(weight, layer.attentionGain.ref)).reshape([rows * heads, head]),
        rotations(positions, head),
      )
      .reshape([rows, heads, positions, head])
      .transpose([2, 0, 1, 3])
      .reshape([positions * rows, width]);
    return headsOf(model, np.matmul(placed.ref, table));
  };
  const weights = attentionWeights(turned(layer.query), turned(layer.key), mask); // [N, H, P, P]
  placed.dispose();
  const picks = oneHot(ids, rows); // [P, N, rows]

  const values = project(normalised, withGain(layer.value, layer.attentionGain));
  const written = np
    .matmul(
      values.reshape([rows, heads, head]).transpose([1, 0, 2]),
      layer.output.reshape([width, heads, head]).transpose([1, 2, 0]),
    )
    .reshape([heads * rows, width]);
  const byToken = np
    .matmul(weights.reshape([count, heads * positions, positions]), picks.ref.transpose([1, 0, 2]))
    .reshape([count, heads, positions, rows])
    .transpose([2, 0, 1, 3])
    .reshape([positions * count, heads * rows]);
  return np.matmul(picks.reshape([positions * count, rows]), embedding).add(np.matmul(byToken, written));
};

/** Heads `[N, H, P, head]` of rows `[P·N, d]`. */
const headsOf = (model: Architecture, rows: Traced): Traced =>
  rows.reshape([positionsOf(model), -1, model.heads, headWidth(model)]).transpose([1, 2, 0, 3]);

/** The stream `[P·N, d]` after a layer's attention. */
const attend = (
  model: Architecture,
  stream: Traced,
  layer: ReturnType<typeof layerOf>,
  rotary: "weights" | "activations",
  mask: Traced | undefined,
): Traced => {
  const { width } = model;
  const positions = positionsOf(model);
  const count = (stream.shape[0] as number) / positions;
  const normalised = rmsNormalise(stream.ref);
  const turned = (weight: Traced): Traced => {
    const gained = withGain(weight, layer.attentionGain.ref);
    return headsOf(
      model,
      rotary === "weights"
        ? np.matmul(normalised.ref.reshape([positions, count, width]), turnedWeights(model, gained))
        : turnedRows(model, project(normalised.ref, gained)),
    );
  };
  const weights = attentionWeights(turned(layer.query), turned(layer.key), mask); // [N, H, P, P]
  const values = headsOf(model, project(normalised, withGain(layer.value, layer.attentionGain)));
  const mixed = np
    .matmul(weights, values)
    .transpose([2, 0, 1, 3])
    .reshape([positions * count, width]);
  return stream.add(project(mixed, layer.output));
};

/** A query or key matrix `[d, d]` turned by every position and transposed, `[P, d, d]`. */
const turnedWeights = (model: Architecture, weight: Traced): Traced => {
  const { width, heads } = model;
  const [head, positions] = [headWidth(model), positionsOf(model)];
  return np
    .matmul(weight.transpose().reshape([width * heads, head]), rotations(positions, head))
    .reshape([width, heads, positions, head])
    .transpose([2, 0, 1, 3])
    .reshape([positions, width, width]);
};

/** Query or key rows `[P·N, d]` turned by their positions, `[P, N, H, head]`. */
const turnedRows = (model: Architecture, rows: Traced): Traced => {
  const [head, positions] = [headWidth(model), positionsOf(model)];
  const { cosines, sines } = rotaryAngles(positions, head);
  const scale = head ** -0.25;
  const shape = [positions, 1, 1, head / 2];
  const constant = (angles: Float64Array) =>
    np.array(
      Float32Array.from(angles, (x) => scale * x),
      { shape },
    );
  return rotate(rows.reshape([positions, -1, model.heads, head]), constant(cosines), constant(sines));
};
