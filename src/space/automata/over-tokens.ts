import { type Automaton, step } from "./automaton.ts";
import { checkAutomatonSize } from "./automaton-limits.ts";
import { append, contents, intBuffer } from "./int-buffer.ts";

/**
 * An automaton over tokens from one over characters: each token's arc reads all its characters. Only states between
 * tokens remain; an empty token stays where it is.
 *
 * @param machine over characters; best minimal, since each state reads every token
 * @param spellings the characters of each token, or undefined for a token that is never read
 */
export const overTokens = (
  machine: Automaton,
  tokens: readonly string[],
  spellings: readonly (readonly number[] | undefined)[],
): Automaton => {
  const numberOf = new Int32Array(machine.states).fill(-1);
  const order = [machine.start];
  numberOf[machine.start] = 0;
  const [offsets, labels, targets] = [intBuffer(), intBuffer(), intBuffer()];
  append(offsets, 0);
  for (const state of order) {
    for (let token = 0; token < tokens.length; token++) {
      const target = read(machine, state, spellings[token]);
      if (target < 0) continue;
      if (numberOf[target] === -1) {
        numberOf[target] = order.length;
        order.push(target);
      }
      append(labels, token);
      append(targets, numberOf[target] as number);
    }
    append(offsets, labels.length);
    checkAutomatonSize(
      "the automaton over tokens",
      order.length,
      labels.length,
      "use a simpler pattern or fewer tokens",
    );
  }
  return {
    tokens,
    states: order.length,
    start: 0,
    offsets: contents(offsets),
    labels: contents(labels),
    targets: contents(targets),
    accepting: Uint8Array.from(order, (state) => machine.accepting[state] as number),
  };
};

const read = (machine: Automaton, from: number, spelling: readonly number[] | undefined): number => {
  if (spelling === undefined) return -1;
  let state = from;
  for (let i = 0; i < spelling.length && state >= 0; i++) state = step(machine, state, spelling[i] as number);
  return state;
};
