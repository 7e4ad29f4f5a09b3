import { type Tensors, tensor } from "../engine/tensor.ts";
import { type Architecture, firstToken } from "../models/architecture.ts";
import { evenChunks } from "./chunks.ts";

/** Some prefixes that hold all their ancestors, for `armStateLogits`. */
export interface PrefixChunk {
  /** `token`, `depth` and `ancestors`. */
  readonly inputs: Tensors;
  /** Which prefix each row is, depth by depth in lexicographic order, or −1: a row that another chunk owns, or that fills up. */
  readonly owned: Int32Array;
}

/** All prefixes of fewer than `depths` tokens, in chunks of one size. */
export interface Prefixes {
  /** Number of prefixes. */
  readonly count: number;
  /** Rows of a chunk. */
  readonly size: number;
  readonly chunks: readonly PrefixChunk[];
}

/**
 * The prefixes of a tree in chunks: runs of the deepest prefixes, each with its ancestors.
 *
 * A prefix is owned by the chunk that has its first descendant, so the chunks own every prefix once. Ancestors that stand in
 * several chunks are at most `depths − 1` rows a chunk.
 *
 * @param depths prefixes have `0 … depths − 1` tokens
 * @param rows about how many prefixes a chunk holds
 */
export const prefixChunks = (
  model: Architecture,
  vocabulary: number,
  depths: number,
  rows: number,
  prompt = 0,
): Prefixes => {
  const deepest = vocabulary ** (depths - 1);
  const offsets = Array.from({ length: depths + 1 }, (_, depth) => total(vocabulary, depth));
  const count = offsets[depths] as number;
  const run = evenChunks(deepest, Math.max(1, Math.floor((rows * deepest) / count))).size;
  const runs = Array.from({ length: Math.ceil(deepest / run) }, (_, index) => {
    const [first, end] = [index * run, Math.min(deepest, (index + 1) * run)];
    return Array.from({ length: depths }, (_, depth): [first: number, end: number] => {
      const below = vocabulary ** (depths - 1 - depth);
      return [Math.floor(first / below), Math.floor((end - 1) / below) + 1];
    });
  });
  const size = Math.max(...runs.map((ranges) => ranges.reduce((sum, [first, end]) => sum + end - first, 0)));
  return {
    count,
    size,
    chunks: runs.map((ranges, index) => {
      const firstLeaf = index * run;
      return chunkOf(model, vocabulary, ranges, { firstLeaf, size, offsets, prompt });
    }),
  };
};

/** Number of prefixes of fewer than `depths` tokens. */
const total = (vocabulary: number, depths: number): number => {
  let sum = 0;
  for (let depth = 0; depth < depths; depth++) sum += vocabulary ** depth;
  return sum;
};

const chunkOf = (
  model: Architecture,
  vocabulary: number,
  ranges: readonly (readonly [first: number, end: number])[],
  place: { readonly firstLeaf: number; readonly size: number; readonly offsets: number[]; readonly prompt: number },
): PrefixChunk => {
  const depths = ranges.length;
  const { horizon } = model;
  const { size } = place;
  const root = firstToken(model, place.prompt);
  // rows that fill up are copies of the root
  const token = new Int32Array(size).fill(root);
  const depthOf = new Int32Array(size);
  const ancestors = new Int32Array(size * horizon);
  const owned = new Int32Array(size).fill(-1);
  let row = 0;
  let above = 0;
  ranges.forEach(([first, end], depth) => {
    const parents = row;
    const below = vocabulary ** (depths - 1 - depth);
    for (let state = first; state < end; state++, row++) {
      depthOf[row] = depth;
      if (depth > 0) {
        token[row] = state % vocabulary;
        const parent = above + Math.floor(state / vocabulary) - (ranges[depth - 1] as readonly [number, number])[0];
        ancestors.copyWithin(row * horizon, parent * horizon, parent * horizon + depth);
      }
      ancestors.fill(row, row * horizon + depth, (row + 1) * horizon);
      if (state * below >= place.firstLeaf) owned[row] = (place.offsets[depth] as number) + state;
    }
    above = parents;
  });
  return {
    inputs: {
      token: tensor([size], token),
      depth: tensor([size], depthOf),
      ancestors: tensor([size, horizon], ancestors),
    },
    owned,
  };
};
