import { tokenNames } from "../space.ts";
import type { Automaton } from "./automaton.ts";
import { checkAutomatonSize } from "./automaton-limits.ts";
import { append, contents, intBuffer } from "./int-buffer.ts";
import { fallBack } from "./keyword-tree.ts";

/** Stands in a context for the beginning of the text. */
export const BEGIN = -1;

/** An automaton whose states are contexts. */
export interface NgramContexts {
  /** Every state accepts, and has an arc for every token. */
  readonly automaton: Automaton;
  /** The context that each state stands for: tokens, oldest first, after {@link BEGIN} where it is known to begin the text. */
  readonly contexts: readonly (readonly number[])[];
}

/**
 * The automaton of an n-gram model: its states are contexts, the last tokens read.
 *
 * Reading a token leads to the longest known end of the context and the token. Without `contexts`, all of `order − 1`
 * tokens and, while fewer have been read, those are known. Given `contexts`, those, their beginnings, and the empty one are
 * known. With `begin`, the text is taken to begin with {@link BEGIN}, which takes up one place of a context as a token
 * does; the start is `[BEGIN]`, and contexts such as `[BEGIN, a]` differ from `[a]`. (With order 1, no context has a place
 * for it.) Contexts that no text leads to are left out; states are numbered breadth first from the start.
 *
 * @param options.order one more than the tokens of the longest context
 * @param options.contexts token indices, oldest first; a first `BEGIN` only with `begin`
 * @throws RangeError where the order is not a whole number ≥ 1, a context is too long or holds no token, or the states
 * are too many
 * @example
 * ```ts
 * import { ngramContexts } from "arbel";
 * const { automaton, contexts } = ngramContexts({ tokens: ["a", "b"], order: 2, begin: true });
 * console.log(contexts, automaton.states); // [[-1], [0], [1]], 3
 * ```
 */
export const ngramContexts = (options: {
  readonly tokens: number | readonly string[];
  readonly order: number;
  readonly contexts?: Iterable<readonly number[]>;
  readonly begin?: boolean;
}): NgramContexts => {
  const tokens = tokenNames(options.tokens);
  const { order, begin = false } = options;
  if (!Number.isSafeInteger(order) || order < 1) {
    throw new RangeError(`"order" must be a whole number ≥ 1, got ${String(order)}`);
  }
  const given = options.contexts ?? allContexts(tokens.length, order, begin);
  const tree = contextTree(given, tokens.length, order, begin && order > 1);
  return reachable(tokens, tree);
};

/** The longest contexts; their beginnings are known with them. */
function* allContexts(vocabulary: number, order: number, begin: boolean): Iterable<number[]> {
  checkAutomatonSize("the n-gram", vocabulary ** (order - 1), vocabulary ** order, LOWER);
  const length = order - 1;
  for (let index = 0; index < vocabulary ** length; index++) yield digitsOf(index, vocabulary, length);
  if (!begin || order === 1) return;
  for (let index = 0; index < vocabulary ** (length - 1); index++) {
    yield [BEGIN, ...digitsOf(index, vocabulary, length - 1)];
  }
}

const LOWER = "lower the order, or list the contexts that occur";

const digitsOf = (index: number, base: number, length: number): number[] => {
  const digits = new Array<number>(length);
  let rest = index;
  for (let place = length - 1; place >= 0; place--) {
    digits[place] = rest % base;
    rest = Math.floor(rest / base);
  }
  return digits;
};

interface ContextTree {
  /** The context of each node; node 0 is the empty one. */
  readonly contexts: readonly (readonly number[])[];
  /** The node of the longest known context after a token, or after BEGIN in the last place, `[nodes × labels]`. */
  readonly next: Int32Array;
  readonly labels: number;
  readonly start: number;
}

const contextTree = (
  given: Iterable<readonly number[]>,
  vocabulary: number,
  order: number,
  begin: boolean,
): ContextTree => {
  const labels = vocabulary + (begin ? 1 : 0);
  const contexts: number[][] = [[]];
  const children = intBuffer();
  for (let label = 0; label < labels; label++) append(children, -1);
  const childOf = (node: number, token: number): number => {
    const place = node * labels + (token === BEGIN ? vocabulary : token);
    const known = children.values[place] as number;
    if (known >= 0) return known;
    checkAutomatonSize("the n-gram", contexts.length + 1, (contexts.length + 1) * labels, LOWER);
    const child = contexts.push([...(contexts[node] as number[]), token]) - 1;
    children.values[place] = child;
    for (let label = 0; label < labels; label++) append(children, -1);
    return child;
  };
  const start = begin ? childOf(0, BEGIN) : 0;
  let index = 0;
  for (const context of given) {
    checkContext(context, index++, vocabulary, order, begin);
    context.reduce(childOf, 0);
  }
  return { contexts, next: fallBack(contents(children), labels), labels, start };
};

const checkContext = (context: readonly number[], index: number, vocabulary: number, order: number, begin: boolean) => {
  if (context.length >= order) {
    throw new RangeError(`context ${index} has ${context.length} tokens, but order ${order} allows up to ${order - 1}`);
  }
  for (const [place, token] of context.entries()) {
    if (begin && place === 0 && token === BEGIN) continue;
    if (!Number.isSafeInteger(token) || token < 0 || token >= vocabulary) {
      throw new RangeError(
        `context ${index} holds ${String(token)} at place ${place}, which is not a token from 0 to ${vocabulary - 1}`,
      );
    }
  }
};

/** The contexts that the start leads to, as an automaton. */
const reachable = (tokens: readonly string[], tree: ContextTree): NgramContexts => {
  const numberOf = new Int32Array(tree.contexts.length).fill(-1);
  const nodes = [tree.start];
  numberOf[tree.start] = 0;
  const [labels, targets] = [intBuffer(), intBuffer()];
  for (const node of nodes) {
    for (let token = 0; token < tokens.length; token++) {
      const next = tree.next[node * tree.labels + token] as number;
      if (numberOf[next] === -1) numberOf[next] = nodes.push(next) - 1;
      append(labels, token);
      append(targets, numberOf[next] as number);
    }
  }
  const automaton = {
    tokens,
    states: nodes.length,
    start: 0,
    offsets: Int32Array.from({ length: nodes.length + 1 }, (_, state) => state * tokens.length),
    labels: contents(labels),
    targets: contents(targets),
    accepting: new Uint8Array(nodes.length).fill(1),
  };
  return { automaton, contexts: nodes.map((node) => tree.contexts[node] as readonly number[]) };
};
