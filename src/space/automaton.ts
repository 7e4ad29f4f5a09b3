import { tokenNames } from "./space.ts";

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
  const arcs = [...options.arcs];
  arcs.forEach(([from, token, to], index) => {
    checkIndex(from, states, `the source of arc ${index}`, "state");
    checkIndex(token, tokens.length, `the token of arc ${index}`, "token");
    checkIndex(to, states, `the target of arc ${index}`, "state");
  });
  const order = sortArcs(arcs);
  const offsets = new Int32Array(states + 1);
  const labels = new Int32Array(arcs.length);
  const targets = new Int32Array(arcs.length);
  order.forEach((index, position) => {
    const [from, token, to] = arcs[index] as Arc;
    const previous = position > 0 ? (arcs[order[position - 1] as number] as Arc) : undefined;
    if (previous && previous[0] === from && previous[1] === token) {
      throw new RangeError(
        `arcs ${order[position - 1]} and ${index} both leave state ${from} by token ${JSON.stringify(tokens[token])}: ` +
          "the automaton must be deterministic, so keep one of them",
      );
    }
    offsets[from + 1] = position + 1;
    labels[position] = token;
    targets[position] = to;
  });
  for (let s = 0; s < states; s++) offsets[s + 1] = Math.max(offsets[s] as number, offsets[s + 1] as number);
  const accepting = new Uint8Array(states);
  for (const state of options.accept) {
    checkIndex(state, states, "an accepting state", "state");
    accepting[state] = 1;
  }
  return { tokens, states, start, offsets, labels, targets, accepting };
};

/** Order of arcs by source, then token, then place in the list. */
export const sortArcs = (arcs: readonly Arc[]): number[] =>
  Array.from(arcs, (_, index) => index).sort((i, j) => {
    const [left, right] = [arcs[i] as Arc, arcs[j] as Arc];
    return left[0] - right[0] || left[1] - right[1] || i - j;
  });

const checkIndex = (value: number, count: number, what: string, unit: string) => {
  if (!Number.isSafeInteger(value) || value < 0 || value >= count) {
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
