import type { Automaton } from "./automaton.ts";
import { checkAutomatonSize } from "./automaton-limits.ts";

/**
 * The automaton of the responses, over the same tokens, that an automaton does not accept.
 *
 * Every state gets an arc for every token: the missing ones lead to one added state, from which everything is accepted.
 *
 * @throws RangeError where states times tokens are too many arcs
 * @example
 * ```ts
 * import { accepts, complement, regex } from "arbel";
 * const machine = complement(regex("a*", ["a", "b"]));
 * console.log(accepts(machine, [0, 0]), accepts(machine, [0, 1])); // false, true
 * ```
 */
export const complement = (machine: Automaton): Automaton => {
  const vocabulary = machine.tokens.length;
  const complete = machine.labels.length === machine.states * vocabulary;
  const states = machine.states + (complete ? 0 : 1);
  checkAutomatonSize(
    "the complement",
    states,
    states * vocabulary,
    "minimize the automaton first, or use fewer tokens",
  );
  const offsets = Int32Array.from({ length: states + 1 }, (_, state) => state * vocabulary);
  const labels = Int32Array.from({ length: states * vocabulary }, (_, arc) => arc % vocabulary);
  const targets = new Int32Array(states * vocabulary).fill(states - 1);
  for (let state = 0; state < machine.states; state++) {
    for (let arc = machine.offsets[state] as number; arc < (machine.offsets[state + 1] as number); arc++) {
      targets[state * vocabulary + (machine.labels[arc] as number)] = machine.targets[arc] as number;
    }
  }
  const accepting = new Uint8Array(states).fill(1);
  for (let state = 0; state < machine.states; state++) accepting[state] = 1 - (machine.accepting[state] as number);
  return { tokens: machine.tokens, states, start: machine.start, offsets, labels, targets, accepting };
};
