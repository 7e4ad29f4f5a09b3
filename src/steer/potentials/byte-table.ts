import { type Automaton, trim } from "../../space/index.ts";
import type { TokenTrie } from "./token-trie.ts";

/** Most states of an automaton over bytes that is laid over tokens: 128 MiB of transitions. */
const STATES_LIMIT = 2 ** 17;

/** An automaton over bytes whose transitions are looked up, not searched for. */
export interface ByteTable {
  readonly states: number;
  readonly start: number;
  /** State after a byte, −1 where nothing allowed can follow, `[states × 256]`. */
  readonly next: Int32Array;
  /** 1 where a text may end, `[states]`. */
  readonly accepting: Uint8Array;
}

/** @throws RangeError where the automaton has too many states */
export const byteTable = (machine: Automaton, name: string): ByteTable => {
  const { states, start, offsets, labels, targets, accepting } = trim(machine);
  if (states > STATES_LIMIT) {
    throw new RangeError(`"${name}" needs ${states} states, the limit over tokens is ${STATES_LIMIT}: simplify it`);
  }
  const next = new Int32Array(states * 256).fill(-1);
  for (let state = 0; state < states; state++) {
    for (let arc = offsets[state] as number; arc < (offsets[state + 1] as number); arc++) {
      next[state * 256 + (labels[arc] as number)] = targets[arc] as number;
    }
  }
  return { states, start, next, accepting };
};

/** The state after some bytes, or −1. */
export const readBytes = ({ next }: ByteTable, from: number, bytes: Uint8Array): number => {
  let state = from;
  for (let i = 0; i < bytes.length && state >= 0; i++) state = next[state * 256 + (bytes[i] as number)] as number;
  return state;
};

/**
 * Reads all tokens from a state.
 *
 * @param visit called with each token that can be read and the state it leads to
 */
export const readTokens = (
  { next }: ByteTable,
  trie: TokenTrie,
  from: number,
  visit: (token: number, state: number) => void,
): void => {
  const { bytes, depths, skips, offsets, tokens } = trie;
  // states along the path: stack[d] before the byte of depth d
  const stack = new Int32Array(trie.longest + 1);
  stack[0] = from;
  for (let node = 0; node < bytes.length; ) {
    const depth = depths[node] as number;
    const state = next[(stack[depth] as number) * 256 + (bytes[node] as number)] as number;
    if (state < 0) {
      node = skips[node] as number;
      continue;
    }
    stack[depth + 1] = state;
    const end = offsets[node + 1] as number;
    for (let place = offsets[node] as number; place < end; place++) visit(tokens[place] as number, state);
    node++;
  }
};
