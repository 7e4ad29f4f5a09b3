import { tokenNames } from "../space.ts";
import { arcOrder } from "./arc-order.ts";
import type { Automaton } from "./automaton.ts";
import { checkAutomatonSize } from "./automaton-limits.ts";
import { contents } from "./int-buffer.ts";
import { type PairIndex, pairIndex } from "./pair-index.ts";

/**
 * The automaton of a finite list of responses: one state for each of their prefixes.
 *
 * Because each state lives at one depth, {@link layered} lays a trie out depth by depth. {@link minimize} merges states
 * with the same endings, and gives that up. Duplicates count once.
 *
 * @param responses each an array of token indices, or an array of tokens' texts
 * @throws RangeError where there is no response or a token is unknown; TypeError where a response is neither
 * @example
 * ```ts
 * import { countResponses, layered, trie } from "arbel";
 * const menu = trie([["soup"], ["soup", "bread"], ["bread", "soup"]], ["soup", "bread"]);
 * console.log(menu.states, countResponses(layered(menu, { horizon: 3, eos: true }))); // 5, 3n
 * ```
 */
export const trie = (
  responses: Iterable<readonly number[] | readonly string[]>,
  tokens: number | readonly string[],
): Automaton => {
  const names = tokenNames(tokens);
  const indexOf = new Map(names.map((name, index) => [name, index]));
  // state n is reached by arc n − 1: the arc's number is that of its pair (state, token)
  const arcs = pairIndex(Infinity, names.length);
  const ends: number[] = [];
  for (const response of responses) {
    let state = 0;
    for (const token of checkResponse(response, ends.length)) {
      state = arcs.numberOf(state, tokenOf(token, names, indexOf, ends.length)) + 1;
    }
    ends.push(state);
    checkAutomatonSize("the trie", arcs.first.length + 1, arcs.first.length, "list fewer or shorter responses");
  }
  if (ends.length === 0) throw new RangeError(`"responses" must hold at least one response`);
  return automatonOfTrie(names, arcs, ends);
};

const automatonOfTrie = (tokens: readonly string[], arcs: PairIndex, ends: readonly number[]): Automaton => {
  const [sources, tokenOfArc] = [contents(arcs.first), contents(arcs.second)];
  const states = sources.length + 1;
  const order = arcOrder(sources, tokenOfArc, states, tokens.length);
  const offsets = new Int32Array(states + 1);
  for (const source of sources) offsets[source + 1] = (offsets[source + 1] as number) + 1;
  for (let state = 0; state < states; state++) {
    offsets[state + 1] = (offsets[state] as number) + (offsets[state + 1] as number);
  }
  const accepting = new Uint8Array(states);
  for (const state of ends) accepting[state] = 1;
  return {
    tokens,
    states,
    start: 0,
    offsets,
    labels: order.map((arc) => tokenOfArc[arc] as number),
    targets: order.map((arc) => arc + 1),
    accepting,
  };
};

const checkResponse = (response: readonly (number | string)[], index: number): readonly (number | string)[] => {
  if (Array.isArray(response) || ArrayBuffer.isView(response)) return response;
  throw new TypeError(
    `response ${index} must be an array of token indices or texts, got ${JSON.stringify(response)}: split texts into tokens`,
  );
};

const tokenOf = (
  token: number | string,
  names: readonly string[],
  indexOf: ReadonlyMap<string, number>,
  response: number,
): number => {
  const index = typeof token === "string" ? indexOf.get(token) : token;
  if (typeof index === "number" && Number.isSafeInteger(index) && index >= 0 && index < names.length) return index;
  const known = typeof token === "string" ? "one of the tokens" : `a token from 0 to ${names.length - 1}`;
  throw new RangeError(`response ${response} holds ${JSON.stringify(token) ?? String(token)}, which is not ${known}`);
};
