import type { Constraint } from "../constraints/constraint.ts";
import type { Vocabulary } from "../vocabulary/index.ts";
import { type ByteTable, byteTable, readBytes, readTokens } from "./byte-table.ts";
import { refuseImpossibleText, refuseImpossibleTokens } from "./impossible-wish.ts";
import { kept } from "./kept.ts";
import { spellingOf, type TokenTrie, tokenTrie } from "./token-trie.ts";

/** Tokens that may follow a node, ascending by their bytes, and the nodes they lead to. */
export interface TokenArcs {
  readonly tokens: Int32Array;
  readonly targets: Int32Array;
}

/**
 * A constraint laid over a vocabulary: an automaton whose arcs are tokens.
 *
 * A node is a state of the constraint's automaton over bytes and the number of tokens so far, as far as
 * a lower bound asks for it. All nodes that tokens lead to are known, and how many tokens each needs to finish; arcs are worked
 * out when they are asked for, and kept while memory lasts.
 */
export interface TokenAutomaton {
  readonly vocabulary: Vocabulary;
  /** Number of nodes; the start is node 0. */
  readonly nodes: number;
  /** 1 where a response may end, `[nodes]`. */
  readonly accepting: Uint8Array;
  /** Fewest tokens from a node to a response that may end there; `Infinity` of a dead node, `[nodes]`. */
  readonly least: Float64Array;
  /** Arcs into nodes that can finish. */
  arcs(node: number): TokenArcs;
  /** Node after a token, or −1. */
  step(node: number, token: number): number;
}

/** Memory for arcs that may be asked for again, in bytes. */
const ARC_BYTES = 2 ** 26;

/**
 * Lays a constraint over a vocabulary. Every byte state that tokens lead to is walked once with all tokens' bytes.
 *
 * @throws InputError where no response satisfies the constraint: no text, or none that the tokens spell
 */
export const tokenAutomaton = (vocabulary: Vocabulary, constraint: Constraint): TokenAutomaton => {
  const table = byteTable(constraint.bytes, constraint.name);
  const trie = tokenTrie(vocabulary);
  refuseImpossibleText(table, constraint);
  const numbering = reachedNodes(table, trie, constraint.minimumTokens);
  const { states, counts, numberOf } = numbering;
  const accepting = Uint8Array.from(states, (state, node) =>
    counts[node] === constraint.minimumTokens ? (table.accepting[state] as number) : 0,
  );
  const least = fewestTokens(numbering.successors, accepting);
  refuseImpossibleTokens({ vocabulary, constraint, table, trie, least });
  const computeArcs = (node: number): TokenArcs => {
    const count = Math.min((counts[node] as number) + 1, constraint.minimumTokens);
    const tokens: number[] = [];
    const targets: number[] = [];
    readTokens(table, trie, states[node] as number, (token, state) => {
      const target = numberOf(state, count);
      if (least[target] === Infinity) return;
      tokens.push(token);
      targets.push(target);
    });
    return { tokens: Int32Array.from(tokens), targets: Int32Array.from(targets) };
  };
  return {
    vocabulary,
    nodes: states.length,
    accepting,
    least,
    arcs: kept(computeArcs, ({ tokens }) => 8 * tokens.length + 64, ARC_BYTES),
    step: (node, token) => {
      const spelling = spellingOf(vocabulary, token);
      const state = spelling ? readBytes(table, states[node] as number, spelling) : -1;
      if (state < 0) return -1;
      const target = numberOf(state, Math.min((counts[node] as number) + 1, constraint.minimumTokens));
      return least[target] === Infinity ? -1 : target;
    },
  };
};

/** Nodes found from the start, breadth first, with the distinct nodes that follow each. */
const reachedNodes = (table: ByteTable, trie: TokenTrie, minimumTokens: number) => {
  const numbers = new Map<number, number>();
  const states: number[] = [];
  const counts: number[] = [];
  const keyOf = (state: number, count: number) => state * (minimumTokens + 1) + count;
  const add = (state: number, count: number): number => {
    const known = numbers.get(keyOf(state, count));
    if (known !== undefined) return known;
    numbers.set(keyOf(state, count), states.length);
    states.push(state);
    counts.push(count);
    return states.length - 1;
  };
  const followers = followersOf(table, trie);
  const successors: Int32Array[] = [];
  add(table.start, 0);
  for (let node = 0; node < states.length; node++) {
    const count = Math.min((counts[node] as number) + 1, minimumTokens);
    successors.push(followers(states[node] as number).map((state) => add(state, count)));
  }
  const numberOf = (state: number, count: number) => numbers.get(keyOf(state, count)) as number;
  return { states, counts, successors, numberOf };
};

/** The distinct states that tokens lead to from a state, each state walked once. */
const followersOf = (table: ByteTable, trie: TokenTrie): ((state: number) => Int32Array) => {
  const seen = new Int32Array(table.states).fill(-1);
  const found = new Map<number, Int32Array>();
  return (state) => {
    const known = found.get(state);
    if (known) return known;
    const followers: number[] = [];
    readTokens(table, trie, state, (_, target) => {
      if (seen[target] === state) return;
      seen[target] = state;
      followers.push(target);
    });
    const result = Int32Array.from(followers);
    found.set(state, result);
    return result;
  };
};

/** Fewest tokens to an accepting node, backward breadth first. */
const fewestTokens = (successors: readonly Int32Array[], accepting: Uint8Array): Float64Array => {
  const sources: number[][] = successors.map(() => []);
  for (const [node, targets] of successors.entries()) for (const target of targets) sources[target]?.push(node);
  const least = new Float64Array(successors.length).fill(Infinity);
  const queue: number[] = [];
  for (const [node, accepts] of accepting.entries()) {
    if (accepts === 0) continue;
    least[node] = 0;
    queue.push(node);
  }
  for (const node of queue) {
    for (const source of sources[node] as number[]) {
      if (least[source] !== Infinity) continue;
      least[source] = (least[node] as number) + 1;
      queue.push(source);
    }
  }
  return least;
};
