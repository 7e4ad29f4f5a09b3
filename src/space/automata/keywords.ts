import { tokenNames } from "../space.ts";
import type { Automaton } from "./automaton.ts";
import { append, contents, intBuffer } from "./int-buffer.ts";
import { type KeywordTree, keywordTree } from "./keyword-tree.ts";
import { minimize } from "./minimize.ts";
import { overTokens } from "./over-tokens.ts";
import { pairIndex } from "./pair-index.ts";

/** Most keywords that must all occur: which of them have occurred yet doubles the states for each. */
const MUST_LIMIT = 12;

/** Most states before merging. */
const KEYWORD_STATES_LIMIT = 2 ** 18;

/**
 * The smallest automaton of the responses whose text contains every keyword of one list and none of another.
 *
 * Occurrence is in the text of the tokens joined, across their borders, as by JavaScript's `includes`: "ann" occurs in
 * the tokens `"jo" "an" "na"`. Source: A. V. Aho, M. J. Corasick, "Efficient string matching" (1975), with a bit for each
 * keyword that must occur.
 *
 * @throws RangeError where there are no keywords, one is empty, or the states are too many
 * @example
 * ```ts
 * import { accepts, keywords } from "arbel";
 * const machine = keywords({ tokens: ["jo", "an", "na"], must: ["ann"], mustNot: ["jojo"] });
 * console.log(accepts(machine, [0, 1, 2]), accepts(machine, [0, 0, 1, 2])); // true, false
 * ```
 */
export const keywords = (options: {
  readonly tokens: readonly string[];
  readonly must?: readonly string[];
  readonly mustNot?: readonly string[];
}): Automaton => {
  const tokens = tokenNames(options.tokens);
  const must = [...new Set(checkKeywords(options.must ?? [], "must"))];
  const mustNot = [...new Set(checkKeywords(options.mustNot ?? [], "mustNot"))];
  if (must.length + mustNot.length === 0) throw new RangeError(`give at least one keyword in "must" or "mustNot"`);
  if (must.length > MUST_LIMIT) {
    throw new RangeError(
      `"must" may hold up to ${MUST_LIMIT} keywords, got ${must.length}: each doubles the states, so give fewer`,
    );
  }
  const tree = keywordTree(must, mustNot);
  const spellings = tokens.map((token) =>
    Array.from({ length: token.length }, (_, i) => tree.classOf(token.charCodeAt(i))),
  );
  return minimize(overTokens(minimize(characterAutomaton(tree, 2 ** must.length)), tokens, spellings));
};

/** States are pairs of a tree's node and the set of keywords that have occurred. */
const characterAutomaton = (tree: KeywordTree, subsets: number): Automaton => {
  const states = pairIndex(tree.nodes, subsets);
  const [offsets, labels, targets] = [intBuffer(), intBuffer(), intBuffer()];
  states.numberOf(0, 0);
  append(offsets, 0);
  for (let state = 0; state < states.first.length; state++) {
    const [node, found] = [states.first.values[state] as number, states.second.values[state] as number];
    for (let label = 0; label < tree.classes; label++) {
      const next = tree.next[node * tree.classes + label] as number;
      if (tree.forbidden[next]) continue;
      append(labels, label);
      append(targets, states.numberOf(next, found | (tree.found[next] as number)));
    }
    append(offsets, labels.length);
    if (states.first.length > KEYWORD_STATES_LIMIT) {
      throw new RangeError(
        `the keywords need more than ${KEYWORD_STATES_LIMIT} states, the limit: give fewer or shorter keywords`,
      );
    }
  }
  return {
    tokens: Array.from({ length: tree.classes }, (_, label) => String(label)),
    states: states.first.length,
    start: 0,
    offsets: contents(offsets),
    labels: contents(labels),
    targets: contents(targets),
    accepting: Uint8Array.from(contents(states.second), (found) => (found === subsets - 1 ? 1 : 0)),
  };
};

const checkKeywords = (list: readonly string[], what: string): readonly string[] => {
  if (!Array.isArray(list)) throw new TypeError(`"${what}" must be a list of texts, got ${JSON.stringify(list)}`);
  for (const [index, keyword] of list.entries()) {
    if (typeof keyword !== "string") {
      throw new TypeError(`"${what}" must hold texts, got ${JSON.stringify(keyword)} at index ${index}`);
    }
    if (keyword === "") throw new RangeError(`"${what}" holds an empty keyword at index ${index}: remove it`);
  }
  return list;
};
