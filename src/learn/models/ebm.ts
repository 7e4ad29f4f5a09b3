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
  wholeNumber,
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

/** The choices, made where they were left open. */
const decided = (model: Architecture, choices: EbmChoices): Required<EbmChoices> => {
  const {
    rotary = positionsOf(model) <= POSITIONS_ON_WEIGHTS ? "weights" : "activations",
    firstLayer = embeddingRows(model) <= TABLE_ROWS ? "tables" : "rows",
  } = choices;
  return { rotary, firstLayer };
};

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
  const prepare = prepareEbm(model, choices);
  const scores = preparedEbmScores(model, choices);
  return (weights: Arrays, chunk: Arrays): Traced => scores(prepare(weights), chunk);
};

/**
 * What the scores need of the weights alone: matrices with their gains and rotations, and the first layer's tables.
 *
 * A traced function. Whoever scores many chunks with the same weights prepares once, and pulls the gradient back once: in
 * chunks of some hundred rows this is up to a fifth of the work.
 */
export const prepareEbm = (model: Architecture, choices: EbmChoices = {}) => {
  const { rotary, firstLayer } = decided(model, choices);
  return (weights: Arrays): Arrays => {
    const prepared: Arrays = {};
    const embedding = weightOf(weights, EMBEDDING);
    for (let index = 0; index < model.layers; index++) {
      const { attentionGain, feedForwardGain, ...layer } = layerOf(weights, index);
      const query = withGain(layer.query, attentionGain.ref);
      const key = withGain(layer.key, attentionGain.ref);
      const value = withGain(layer.value, attentionGain);
      if (index === 0 && firstLayer === "tables") {
        const normalised = rmsNormalise(embedding.ref);
        prepared["0.query"] = placedTable(model, normalised.ref, query);
        prepared["0.key"] = placedTable(model, normalised.ref, key);
        prepared["0.written"] = writtenTable(model, normalised, value, layer.output);
      } else {
        prepared[`${index}.query`] = rotary === "weights" ? turnedWeights(model, query) : query;
        prepared[`${index}.key`] = rotary === "weights" ? turnedWeights(model, key) : key;
        prepared[`${index}.value`] = value;
        prepared[`${index}.output`] = layer.output;
      }
      prepared[`${index}.gate`] = withGain(layer.gate, feedForwardGain.ref);
      prepared[`${index}.up`] = withGain(layer.up, feedForwardGain);
      prepared[`${index}.down`] = layer.down;
    }
    prepared.embedding = embedding;
    prepared.direction = withGain(weightOf(weights, SCORE), weightOf(weights, FINAL_GAIN));
    return prepared;
  };
};

/**
 * The scores of {@link ebmScores} as a traced function of what {@link prepareEbm} gives, with the same choices, and the
 * chunk.
 */
export const preparedEbmScores = (model: Architecture, choices: EbmChoices = {}) => {
  const { rotary, firstLayer } = decided(model, choices);
  const positions = positionsOf(model);
  return (prepared: Arrays, chunk: Arrays): Traced => {
    const ids = idsByPosition(model, chunk);
    const count = ids.shape[1] as number;
    const real = realPositions(model, chunk);
    const mask = real?.ref.transpose().reshape([count, 1, 1, positions]);
    const of = (layer: number, name: string) => weightOf(prepared, `${layer}.${name}`);
    const unitsOf = (stream: Traced, layer: number) =>
      gatedUnits(rmsNormalise(stream), of(layer, "gate"), of(layer, "up"));
    let stream: Traced;
    if (firstLayer === "tables") stream = firstFromTables(model, prepared, ids, mask?.ref);
    else {
      const embedded = rowsOf(weightOf(prepared, "embedding"), ids.reshape([positions * count]));
      stream = attend(model, embedded, (name) => of(0, name), rotary, mask?.ref);
    }
    const last = model.layers - 1;
    for (let layer = 0; layer < last; layer++) {
      stream = stream.ref.add(project(unitsOf(stream, layer), of(layer, "down")));
      stream = attend(model, stream, (name) => of(layer + 1, name), rotary, mask?.ref);
    }
    mask?.dispose();
    const units = poolOf(unitsOf(stream.ref, last), count, real?.ref);
    const pooled = poolOf(stream, count, real).add(project(units, of(last, "down")));
    return project(rmsNormalise(pooled), weightOf(prepared, "direction")).reshape([count]);
  };
};

/** Embedding rows `[P, N]` that the model reads, prompts first. */
const idsByPosition = ({ prompts, actions }: Architecture, chunk: Arrays): Traced => {
  const tokens = weightOf(chunk, "tokens").transpose();
  if (prompts === 0) return tokens;
  return np.concatenate([weightOf(chunk, "prompt").add(wholeNumber(actions)).reshape([1, -1]), tokens], 0);
};

/** Which positions `[P, N]` are real; undefined where all are. */
const realPositions = (model: Architecture, chunk: Arrays): Traced | undefined => {
  if (!model.eos) return undefined;
  const lengths = weightOf(chunk, "lengths");
  const ends = model.prompts > 0 ? lengths.add(wholeNumber(1)) : lengths;
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

/** Queries or keys of every token at every position, `[P · rows, d]`: row `t · rows + i` is token `i` at position `t`. */
const placedTable = (model: Architecture, normalised: Traced, weight: Traced): Traced => {
  const { width, heads } = model;
  const [head, positions, rows] = [headWidth(model), positionsOf(model), embeddingRows(model)];
  return np
    .matmul(project(normalised, weight).reshape([rows * heads, head]), rotations(positions, head))
    .reshape([rows, heads, positions, head])
    .transpose([2, 0, 1, 3])
    .reshape([positions * rows, width]);
};

/** What every token adds to the stream of who looks at it through each head, `W_o,h·v_h`, `[heads · rows, d]`. */
const writtenTable = (model: Architecture, normalised: Traced, value: Traced, output: Traced): Traced => {
  const { width, heads } = model;
  const [head, rows] = [headWidth(model), embeddingRows(model)];
  return np
    .matmul(
      project(normalised, value).reshape([rows, heads, head]).transpose([1, 0, 2]),
      output.reshape([width, heads, head]).transpose([1, 2, 0]),
    )
    .reshape([heads * rows, width]);
};

/**
 * The embedded rows after the first layer's attention, `[P·N, d]`, from tables over the vocabulary.
 *
 * Queries and keys depend on token and position, so one-hot rows pick them. Values depend on the token alone: the
 * attention weights of equal tokens are added up, `[P·N, heads · rows]`, and multiplied by what each token writes.
 */
const firstFromTables = (model: Architecture, prepared: Arrays, ids: Traced, mask: Traced | undefined): Traced => {
  const { heads } = model;
  const [positions, rows] = [positionsOf(model), embeddingRows(model)];
  const count = ids.shape[1] as number;
  const places = np.arange(positions).mul(rows).astype(np.int32).reshape([positions, 1]);
  const placed = oneHot(ids.ref.add(places), positions * rows).reshape([positions * count, positions * rows]);
  const picked = (name: string) => headsOf(model, np.matmul(placed.ref, weightOf(prepared, name)));
  const weights = attentionWeights(picked("0.query"), picked("0.key"), mask); // [N, H, P, P]
  placed.dispose();
  const picks = oneHot(ids, rows); // [P, N, rows]
  const byToken = np
    .matmul(weights.reshape([count, heads * positions, positions]), picks.ref.transpose([1, 0, 2]))
    .reshape([count, heads, positions, rows])
    .transpose([2, 0, 1, 3])
    .reshape([positions * count, heads * rows]);
  return np
    .matmul(picks.reshape([positions * count, rows]), weightOf(prepared, "embedding"))
    .add(np.matmul(byToken, weightOf(prepared, "0.written")));
};

/** Heads `[N, H, P, head]` of rows `[P·N, d]`. */
const headsOf = (model: Architecture, rows: Traced): Traced =>
  rows.reshape([positionsOf(model), -1, model.heads, headWidth(model)]).transpose([1, 2, 0, 3]);

/** The stream `[P·N, d]` after a layer's attention; `of` gives the layer's prepared matrices. */
const attend = (
  model: Architecture,
  stream: Traced,
  of: (name: string) => Traced,
  rotary: "weights" | "activations",
  mask: Traced | undefined,
): Traced => {
  const { width } = model;
  const positions = positionsOf(model);
  const count = (stream.shape[0] as number) / positions;
  const normalised = rmsNormalise(stream.ref);
  const turned = (matrix: Traced): Traced =>
    headsOf(
      model,
      rotary === "weights"
        ? np.matmul(normalised.ref.reshape([positions, count, width]), matrix)
        : turnedRows(model, project(normalised.ref, matrix)),
    );
  const weights = attentionWeights(turned(of("query")), turned(of("key")), mask); // [N, H, P, P]
  const values = headsOf(model, project(normalised, of("value")));
  const mixed = np
    .matmul(weights, values)
    .transpose([2, 0, 1, 3])
    .reshape([positions * count, width]);
  return stream.add(project(mixed, of("output")));
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
