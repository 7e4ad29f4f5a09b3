import type { Block } from "./block.ts";
import type { KeysAndValues } from "./decoder-session.ts";
import { prefixTrie } from "./prefix-trie.ts";

/** A row of keys and values whose first tokens are those of a context. */
export interface KnownPrefix {
  readonly keysAndValues: KeysAndValues;
  readonly row: number;
  /** How many tokens they share. */
  readonly length: number;
}

/** Keys and values by the tokens they belong to. */
export interface PrefixCache {
  /** The known prefix of a context that is longest, but shorter than the context; undefined where none is known. */
  longest(context: readonly number[]): KnownPrefix | undefined;
  /** Keeps keys and values of a batch of contexts. */
  add(contexts: readonly (readonly number[])[], keysAndValues: KeysAndValues): void;
  clear(): void;
}

/**
 * A cache of keys and values that takes at most `bytes`: blocks not used for the longest go first.
 *
 * Whole batches are kept as the run gave them, so that a batch that goes on from one need not be copied together again. A context
 * that is a known one and a token more, as in every step of sampling, is found by a hash; only others need the trie, which
 * learns of blocks when it is asked.
 */
export const prefixCache = (bytes: number): PrefixCache => {
  // a Set keeps the order in which blocks were last used
  const blocks = new Set<Block>();
  const whole = new Map<number, { readonly block: Block; readonly row: number }>();
  let trie = prefixTrie();
  let used = 0;

  const forget = (block: Block) => {
    block.keysAndValues = undefined;
    blocks.delete(block);
    used -= block.bytes;
    for (const context of block.contexts) {
      const hash = hashOf(context, context.length);
      if (whole.get(hash)?.block === block) whole.delete(hash);
    }
  };
  const touched = (block: Block, row: number, length: number): KnownPrefix | undefined => {
    const { keysAndValues } = block;
    if (!keysAndValues) return;
    blocks.delete(block);
    blocks.add(block);
    return { keysAndValues, row, length };
  };
  return {
    longest: (context) => {
      const length = context.length - 1;
      const found = whole.get(hashOf(context, length));
      const known = found?.block.contexts[found.row];
      if (found && known?.length === length && known.every((token, place) => token === context[place])) {
        return touched(found.block, found.row, length);
      }
      const node = trie.longest(context);
      return node && touched(node.block, node.row, node.length);
    },
    add: (contexts, keysAndValues) => {
      const size = 4 * keysAndValues.parts.reduce((sum, part) => sum + part.length, 0);
      if (size > bytes) return;
      const block: Block = { contexts, keysAndValues, bytes: size };
      blocks.add(block);
      trie.add(block);
      used += size;
      for (const [row, context] of contexts.entries()) whole.set(hashOf(context, context.length), { block, row });
      for (const oldest of blocks) {
        if (used <= bytes) break;
        forget(oldest);
      }
    },
    clear: () => {
      for (const block of blocks) forget(block);
      trie = prefixTrie();
    },
  };
};

/** A hash of a context's first tokens: FNV-1a, a token at a time. */
const hashOf = (context: readonly number[], length: number): number => {
  let hash = 0x811c9dc5;
  for (let place = 0; place < length; place++) hash = Math.imul(hash ^ (context[place] as number), 0x01000193);
  return hash;
};
