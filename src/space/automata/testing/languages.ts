import fc from "fast-check";
import { type Automaton, accepts, automaton } from "../automaton.ts";

/** All sequences of up to so many tokens, shorter ones first. */
export const sequences = (vocabulary: number, longest: number): number[][] => {
  const found: number[][] = [[]];
  for (const sequence of found) {
    if (sequence.length === longest) continue;
    for (let token = 0; token < vocabulary; token++) found.push([...sequence, token]);
  }
  return found;
};

/** The sequences that an automaton accepts, as texts of digits. */
export const language = (machine: Automaton, longest: number): string[] =>
  sequences(machine.tokens.length, longest)
    .filter((sequence) => accepts(machine, sequence))
    .map((sequence) => sequence.join(""));

/** Small automata over given tokens: partial, with unreachable states and dead ends. */
export const automata = (tokens: readonly string[], mostStates = 5): fc.Arbitrary<Automaton> =>
  fc
    .integer({ min: 1, max: mostStates })
    .chain((states) =>
      fc.record({
        states: fc.constant(states),
        start: fc.nat(states - 1),
        // −1: no arc
        targets: fc.array(fc.integer({ min: -1, max: states - 1 }), {
          minLength: states * tokens.length,
          maxLength: states * tokens.length,
        }),
        accept: fc.uniqueArray(fc.nat(states - 1)),
      }),
    )
    .map(({ states, start, targets, accept }) =>
      automaton({
        tokens,
        states,
        start,
        arcs: targets.flatMap((to, place) =>
          to < 0 ? [] : [[Math.floor(place / tokens.length), place % tokens.length, to] as const],
        ),
        accept,
      }),
    );

/** An automaton's arrays as plain lists, for comparison. */
export const plain = (machine: Automaton) => ({
  tokens: machine.tokens,
  states: machine.states,
  start: machine.start,
  offsets: [...machine.offsets],
  labels: [...machine.labels],
  targets: [...machine.targets],
  accepting: [...machine.accepting],
});
