import { tokenNames } from "../space.ts";
import { arcOrder } from "./arc-order.ts";
import { append, contents, intBuffer } from "./int-buffer.ts";

/**
 * A deterministic finite automaton over a vocabulary: which token sequences are accepted, whatever their length.
 *
 * Arcs are kept in compressed rows: the arcs of state `s` are `offsets[s] … offsets[s + 1] − 1`, by ascending token.
 * A missing arc rejects. {@link layered} bounds an automaton's length and makes it a space.
 */
export interface Automaton {
  /** Text of each token. */
  readonly tokens: readonly string[];
  /** Number of states. */
  readonly states: number;
  /** State where every sequence begins. */
  readonly start: number;
  /** `[states + 1]` */
  readonly offsets: Int32Array;
  /** Token of each arc, ascending within a row, `[arcs]`. */
  readonly labels: Int32Array;
  /** State each arc leads to, `[arcs]`. */
  readonly targets: Int32Array;
  /** 1 where a sequence may end, `[states]`. */
  readonly accepting: Uint8Array;
}

/** An arc of an automaton: from a state, by a token's index, to a state. */
export type Arc = readonly [from: number, token: number, to: number];

/**
 * A deterministic automaton from a list of arcs.
 *
 * @throws RangeError where a state or token is out of range, or two arcs leave a state by the same token: sums over
 * several paths with the same label would count paths instead of responses (theory §7)
 * @example
 * ```ts
 * import { automaton } from "arbel";
 * // any number of a's, then one b
 * const machine = automaton({ tokens: ["a", "b"], states: 2, start: 0, arcs: [[0, 0, 0], [0, 1, 1]], accept: [1] });
 * console.log(machine.states); // 2
 * ```
 */
export const automaton = (options: {
  tokens: number | readonly string[];
  states: number;
  start: number;
  arcs: Iterable<Arc>;
  accept: Iterable<number>;
}): Automaton => {
  const tokens = tokenNames(options.tokens);
  const { states, start } = options;
  if (!Number.isSafeInteger(states) || states < 1) {
    throw new RangeError(`"states" must be a whole number ≥ 1, got ${states}`);
  }
  checkIndex(start, states, `"start"`, "state");
  const arcs = listArcs(options.arcs, states, tokens.length);
  const { offsets, labels, targets } = compress(arcs, states, tokens);
  const accepting = new Uint8Array(states);
  for (const state of options.accept) {
    checkIndex(state, states, "an accepting state", "state");
    accepting[state] = 1;
  }
  return { tokens, states, start, offsets, labels, targets, accepting };
};

/** Arcs as three columns, in the order in which they were given. */
interface ArcColumns {
  readonly sources: Int32Array;
  readonly labels: Int32Array;
  readonly targets: Int32Array;
}

const listArcs = (arcs: Iterable<Arc>, states: number, tokens: number): ArcColumns => {
  const [sources, labels, targets] = [intBuffer(), intBuffer(), intBuffer()];
  for (const [from, token, to] of arcs) {
    const index = sources.length;
    // the sentences are only made where they are needed: a million of them would cost more than the automaton
    if (!isIndex(from, states)) checkIndex(from, states, `the source of arc ${index}`, "state");
    if (!isIndex(token, tokens)) checkIndex(token, tokens, `the token of arc ${index}`, "token");
    if (!isIndex(to, states)) checkIndex(to, states, `the target of arc ${index}`, "state");
    append(sources, from);
    append(labels, token);
    append(targets, to);
  }
  return { sources: contents(sources), labels: contents(labels), targets: contents(targets) };
};

const compress = (arcs: ArcColumns, states: number, tokens: readonly string[]) => {
  const order = arcOrder(arcs.sources, arcs.labels, states, tokens.length);
  const offsets = new Int32Array(states + 1);
  for (const source of arcs.sources) offsets[source + 1] = (offsets[source + 1] as number) + 1;
  for (let s = 0; s < states; s++) offsets[s + 1] = (offsets[s] as number) + (offsets[s + 1] as number);
  const labels = order.map((arc) => arcs.labels[arc] as number);
  const targets = order.map((arc) => arcs.targets[arc] as number);
  for (let place = 1; place < order.length; place++) {
    const [previous, arc] = [order[place - 1] as number, order[place] as number];
    if (arcs.sources[previous] !== arcs.sources[arc] || labels[place - 1] !== labels[place]) continue;
    const token = JSON.stringify(tokens[labels[place] as number]);
    throw new RangeError(
      `arcs ${previous} and ${arc} both leave state ${arcs.sources[arc]} by token ${token}: ` +
        "the automaton must be deterministic, so keep one of them",
    );
  }
  return { offsets, labels, targets };
};

/** Order of arcs by source, then token, then place in the list. */
export const sortArcs = (arcs: readonly Arc[]): number[] => {
  const sources = Int32Array.from(arcs, ([from]) => from);
  const labels = Int32Array.from(arcs, ([, token]) => token);
  const countOf = (values: Int32Array) => values.reduce((most, value) => Math.max(most, value + 1), 0);
  return [...arcOrder(sources, labels, countOf(sources), countOf(labels))];
};

const isIndex = (value: number, count: number) => Number.isSafeInteger(value) && value >= 0 && value < count;

const checkIndex = (value: number, count: number, what: string, unit: string) => {
  if (!isIndex(value, count)) {
    throw new RangeError(`${what} must be a ${unit} from 0 to ${count - 1}, got ${String(value)}`);
  }
};

/** The state one token leads to, or −1 where the automaton rejects. */
export const step = (machine: Automaton, state: number, token: number): number => {
  const arc = findLabel(machine.labels, machine.offsets[state] as number, machine.offsets[state + 1] as number, token);
  return arc < 0 ? -1 : (machine.targets[arc] as number);
};

/** Whether the automaton accepts a sequence of tokens. */
export const accepts = (machine: Automaton, response: ArrayLike<number>): boolean => {
  let state = machine.start;
  for (let t = 0; t < response.length && state >= 0; t++) state = step(machine, state, response[t] as number);
  return state >= 0 && machine.accepting[state] === 1;
};

/** Position of a label in the ascending range `[begin, end)`, or −1. */
export const findLabel = (labels: Int32Array, begin: number, end: number, label: number): number => {
  let [low, high] = [begin, end - 1];
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = labels[middle] as number;
    if (found === label) return middle;
    if (found < label) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
};
