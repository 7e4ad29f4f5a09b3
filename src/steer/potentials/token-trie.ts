import type { Vocabulary } from "../vocabulary/index.ts";

/**
 * The texts of a vocabulary's tokens as a tree of bytes, in preorder: a node's subtree stands right after it, so that one
 * pass over the arrays walks all tokens, and a branch that leads nowhere is skipped by one jump.
 */
export interface TokenTrie {
  /** Byte that leads to each node, `[nodes]`. */
  readonly bytes: Uint8Array;
  /** Number of bytes before it, `[nodes]`. */
  readonly depths: Int32Array;
  /** First node that is not in the node's subtree, `[nodes]`. */
  readonly skips: Int32Array;
  /** Tokens that end at a node are `tokens[offsets[node]] … tokens[offsets[node + 1] − 1]`, `[nodes + 1]`. */
  readonly offsets: Int32Array;
  readonly tokens: Int32Array;
  /** Most bytes of a token. */
  readonly longest: number;
}

const known = new WeakMap<Vocabulary, TokenTrie>();

/**
 * The trie of the tokens that a response may hold: those that stand for at least one byte and are no ends.
 *
 * A token of no bytes would give every text endlessly many spellings. Built once for each vocabulary.
 */
export const tokenTrie = (vocabulary: Vocabulary): TokenTrie => {
  const found = known.get(vocabulary) ?? build(vocabulary);
  known.set(vocabulary, found);
  return found;
};

/** Bytes of a token that a response may hold, or undefined. */
export const spellingOf = ({ bytes, ends }: Vocabulary, token: number): Uint8Array | undefined => {
  const spelling = bytes[token];
  return spelling && spelling.length > 0 && !ends.includes(token) ? spelling : undefined;
};

const build = (vocabulary: Vocabulary): TokenTrie => {
  const ends = new Set(vocabulary.ends);
  const spelled: { readonly token: number; readonly spelling: Uint8Array }[] = [];
  vocabulary.bytes.forEach((spelling, token) => {
    if (spelling && spelling.length > 0 && !ends.has(token)) spelled.push({ token, spelling });
  });
  spelled.sort((a, b) => compareBytes(a.spelling, b.spelling) || a.token - b.token);
  const bytes: number[] = [];
  const depths: number[] = [];
  const skips: number[] = [];
  const offsets: number[] = [];
  const tokens: number[] = [];
  /** The nodes of the last token's bytes. */
  const path: number[] = [];
  for (const { token, spelling } of spelled) {
    let shared = 0;
    while (shared < path.length && bytes[path[shared] as number] === spelling[shared]) shared++;
    for (const node of path.splice(shared)) skips[node] = bytes.length;
    for (let depth = shared; depth < spelling.length; depth++) {
      path.push(bytes.length);
      offsets.push(tokens.length);
      bytes.push(spelling[depth] as number);
      depths.push(depth);
    }
    tokens.push(token);
  }
  for (const node of path) skips[node] = bytes.length;
  offsets.push(tokens.length);
  return {
    bytes: Uint8Array.from(bytes),
    depths: Int32Array.from(depths),
    skips: Int32Array.from(skips),
    offsets: Int32Array.from(offsets),
    tokens: Int32Array.from(tokens),
    longest: depths.reduce((most, depth) => Math.max(most, depth + 1), 0),
  };
};

/** Order of byte strings: by the first byte that differs, a beginning before what it begins. */
export const compareBytes = (left: Uint8Array, right: Uint8Array): number => {
  const shorter = Math.min(left.length, right.length);
  for (let i = 0; i < shorter; i++) {
    const difference = (left[i] as number) - (right[i] as number);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
};
