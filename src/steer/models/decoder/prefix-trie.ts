import type { Block } from "./block.ts";

/** A prefix: of the blocks that know it, the one that was indexed last. */
interface Node {
  readonly next: Map<number, Node>;
  block: Block;
  row: number;
}

/** Finds what contexts share with those of blocks. */
export interface PrefixTrie {
  add(block: Block): void;
  /** The row of a kept block that shares most tokens with a context, leaving it at least one. */
  longest(
    context: readonly number[],
  ): { readonly block: Block; readonly row: number; readonly length: number } | undefined;
}

/** A trie of contexts. Blocks are indexed once it is asked, so that those that come and go in between cost nothing. */
export const prefixTrie = (): PrefixTrie => {
  let roots = new Map<number, Node>();
  let indexed: Block[] = [];
  let pending: Block[] = [];

  const insert = (block: Block) => {
    for (const [row, context] of block.contexts.entries()) {
      let level = roots;
      for (const token of context) {
        const node = level.get(token) ?? { next: new Map<number, Node>(), block, row };
        [node.block, node.row] = [block, row];
        level.set(token, node);
        level = node.next;
      }
    }
  };
  /** Indexes what is new; builds the trie again once most of its blocks are forgotten. */
  const update = () => {
    if (pending.length === 0) return;
    const kept = indexed.filter(isKept);
    if (2 * kept.length < indexed.length) {
      roots = new Map();
      pending = [...kept, ...pending];
      indexed = [];
    }
    const fresh = pending.filter(isKept);
    for (const block of fresh) insert(block);
    indexed.push(...fresh);
    pending = [];
  };
  return {
    add: (block) => {
      pending.push(block);
      // forgotten ones would be held in memory for as long as nobody asks
      if (pending.length % 64 === 0) pending = pending.filter(isKept);
    },
    longest: (context) => {
      update();
      let best: ReturnType<PrefixTrie["longest"]>;
      let level = roots;
      for (let length = 1; length < context.length; length++) {
        const node = level.get(context[length - 1] as number);
        if (!node) break;
        if (isKept(node.block)) best = { block: node.block, row: node.row, length };
        level = node.next;
      }
      return best;
    },
  };
};

const isKept = ({ keysAndValues }: Block): boolean => keysAndValues !== undefined;
