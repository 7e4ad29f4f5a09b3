import { type Tensors, tensor } from "../../engine/tensor.ts";
import { type Architecture, firstToken } from "../../models/architecture.ts";
import { evenChunks } from "../../risks/chunks.ts";
import { chunkSize } from "./chunk-sizes.ts";
import type { PrefixTrie } from "./prefix-trie.ts";

/**
 * A trie's prefixes in chunks that hold all their ancestors, for `armStateLogits`, with a cotangent `[S, actions]` each.
 *
 * Ancestors stand in every chunk that needs them; the first has their cotangent, the others 0.
 *
 * @param cotangent `[prefixes × actions]`
 * @param most prefixes of a chunk, ancestors included
 */
export const trieChunks = (
  model: Architecture,
  trie: PrefixTrie,
  cotangent: Float64Array,
  most: number,
): { readonly size: number; readonly chunks: Tensors[] } => {
  // even chunks, each with room for the ancestors that it repeats
  const groups = groupsOf(trie, evenChunks(trie.size(), most).size + model.horizon);
  const size = chunkSize(Math.max(...groups.map((group) => group.length)));
  const placed = new Uint8Array(trie.size());
  return { size, chunks: groups.map((group) => chunkOf(model, trie, group, size, cotangent, placed)) };
};

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
  cotangent: Float64Array,
  placed: Uint8Array,
): Tensors => {
  const { horizon, actions } = model;
  // rows that fill up are copies of the root
  const token = new Int32Array(size).fill(firstToken(model));
  const depth = new Int32Array(size);
  const ancestors = new Int32Array(size * horizon);
  const weights = new Float32Array(size * actions);
  const rowOf = new Map<number, number>();
  group.forEach((prefix, row) => {
    rowOf.set(prefix, row);
    const at = trie.depths[prefix] as number;
    depth[row] = at;
    if (at > 0) {
      token[row] = trie.tokens[prefix] as number;
      const parent = rowOf.get(trie.parents[prefix] as number) as number;
      ancestors.copyWithin(row * horizon, parent * horizon, parent * horizon + at);
    }
    ancestors.fill(row, row * horizon + at, (row + 1) * horizon);
    if (placed[prefix] === 1) return;
    placed[prefix] = 1;
    weights.set(cotangent.subarray(prefix * actions, (prefix + 1) * actions), row * actions);
  });
  return {
    token: tensor([size], token),
    depth: tensor([size], depth),
    ancestors: tensor([size, horizon], ancestors),
    cotangent: tensor([size, actions], weights),
  };
};
