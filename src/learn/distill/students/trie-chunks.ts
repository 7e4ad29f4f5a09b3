import { type Tensors, tensor } from "../../engine/tensor.ts";
import { type Architecture, firstToken } from "../../models/architecture.ts";
import { evenChunks } from "../../risks/chunks.ts";
import type { PrefixChunk } from "../../risks/prefixes.ts";
import { chunkSize } from "./chunk-sizes.ts";
import type { PrefixTrie } from "./prefix-trie.ts";

/**
 * A trie's prefixes in chunks of one size that hold all their ancestors, for `armStateLogits`.
 *
 * Ancestors stand in every chunk that needs them; the first owns them.
 *
 * @param most prefixes of a chunk, but for the ancestors that it repeats
 */
export const trieChunks = (model: Architecture, trie: PrefixTrie, most: number): PrefixChunk[] => {
  // even chunks, each with room for the ancestors that it repeats
  const groups = groupsOf(trie, evenChunks(trie.size(), most).size + model.horizon);
  const size = chunkSize(Math.max(...groups.map((group) => group.length)));
  const placed = new Uint8Array(trie.size());
  return groups.map((group) => chunkOf(model, trie, group, size, placed));
};

/** Chunks with the cotangents `[S, actions]` of the prefixes they own, and 0 for others; `cotangent` is `[prefixes × actions]`. */
export const withCotangents = (
  { actions }: Architecture,
  chunks: readonly PrefixChunk[],
  cotangent: Float64Array,
): Tensors[] =>
  chunks.map(({ inputs, owned }) => {
    const numbers = new Float32Array(owned.length * actions);
    owned.forEach((prefix, row) => {
      if (prefix >= 0) numbers.set(cotangent.subarray(prefix * actions, (prefix + 1) * actions), row * actions);
    });
    return { ...inputs, cotangent: tensor([owned.length, actions], numbers) };
  });

/** Prefixes of each chunk, parents before children; consecutive paths to the leaves, so that few ancestors are repeated. */
const groupsOf = (trie: PrefixTrie, most: number): number[][] => {
  const groups: number[][] = [];
  let group: number[] = [];
  const groupAt = new Int32Array(trie.size()).fill(-1);
  const visit = (prefix: number): void => {
    const first = prefix * trie.actions;
    let leaf = true;
    for (let place = first; place < first + trie.actions; place++) {
      const child = trie.children[place] as number;
      if (child < 0) continue;
      leaf = false;
      visit(child);
    }
    if (leaf) add(prefix);
  };
  const pathTo = (prefix: number): number[] => {
    const path: number[] = [];
    for (let at = prefix; groupAt[at] !== groups.length; at = trie.parents[at] as number) {
      path.push(at);
      if (at === 0) break;
    }
    return path.reverse();
  };
  const add = (leaf: number): void => {
    let path = pathTo(leaf);
    if (group.length + path.length > most) {
      groups.push(group);
      group = [];
      path = pathTo(leaf);
    }
    for (const prefix of path) groupAt[prefix] = groups.length;
    group.push(...path);
  };
  visit(0);
  groups.push(group);
  return groups;
};

const chunkOf = (
  model: Architecture,
  trie: PrefixTrie,
  group: readonly number[],
  size: number,
  placed: Uint8Array,
): PrefixChunk => {
  const { horizon } = model;
  // rows that fill up are copies of the root
  const token = new Int32Array(size).fill(firstToken(model));
  const depth = new Int32Array(size);
  const ancestors = new Int32Array(size * horizon);
  const owned = new Int32Array(size).fill(-1);
  const rowOf = new Int32Array(trie.size());
  group.forEach((prefix, row) => {
    rowOf[prefix] = row;
    const at = trie.depths[prefix] as number;
    depth[row] = at;
    if (at > 0) {
      token[row] = trie.tokens[prefix] as number;
      const parent = rowOf[trie.parents[prefix] as number] as number;
      ancestors.copyWithin(row * horizon, parent * horizon, parent * horizon + at);
    }
    ancestors.fill(row, row * horizon + at, (row + 1) * horizon);
    if (placed[prefix] === 0) owned[row] = prefix;
    placed[prefix] = 1;
  });
  return {
    inputs: {
      token: tensor([size], token),
      depth: tensor([size], depth),
      ancestors: tensor([size, horizon], ancestors),
    },
    owned,
  };
};
