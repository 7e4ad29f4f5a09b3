import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Automaton, automaton } from "./automaton.ts";
import { complement } from "./complement.ts";
import { minimize } from "./minimize.ts";
import { product } from "./product.ts";
import { automata, language, plain, sequences } from "./testing/languages.ts";
import { isEmpty, trim } from "./trim.ts";

const tokens = ["a", "b"];
const LONGEST = 7;

/** Fewest states of a trimmed automaton for a language, by its distinct futures; long enough for 4 states. */
const distinctFutures = (machine: Automaton): number => {
  const accepted = new Set(language(machine, LONGEST));
  const futures = new Set<string>();
  for (const prefix of sequences(2, 3).map((sequence) => sequence.join(""))) {
    const future = sequences(2, 4)
      .map((sequence) => sequence.join(""))
      .filter((rest) => accepted.has(prefix + rest));
    if (future.length > 0) futures.add(future.join(" "));
  }
  return Math.max(1, futures.size);
};

describe("trim", () => {
  test("keeps the language, and only states that are reached and can finish", () => {
    fc.assert(
      fc.property(automata(tokens), (machine) => {
        const trimmed = trim(machine);
        expect(language(trimmed, LONGEST)).toEqual(language(machine, LONGEST));
        expect(plain(trim(trimmed))).toEqual(plain(trimmed));
        for (let state = 0; state < trimmed.states; state++) {
          expect(isEmpty({ ...trimmed, start: state })).toBe(language(trimmed, LONGEST).length === 0);
        }
      }),
      { seed: 5 },
    );
  });

  test("keeps the start of an automaton that accepts nothing", () => {
    const machine = automaton({
      tokens,
      states: 3,
      start: 1,
      arcs: [
        [1, 0, 2],
        [0, 0, 1],
      ],
      accept: [0],
    });
    expect(plain(trim(machine))).toEqual({
      tokens,
      states: 1,
      start: 0,
      offsets: [0, 0],
      labels: [],
      targets: [],
      accepting: [0],
    });
    expect([isEmpty(machine), isEmpty({ ...machine, start: 0 })]).toEqual([true, false]);
  });
});

describe("minimize", () => {
  test("keeps the language with as few states as it has futures", () => {
    fc.assert(
      fc.property(automata(tokens, 4), (machine) => {
        const smallest = minimize(machine);
        expect(language(smallest, LONGEST)).toEqual(language(machine, LONGEST));
        expect(smallest.states).toBe(distinctFutures(machine));
      }),
      { seed: 6, numRuns: 300 },
    );
  });

  test("gives equal automata for equal languages", () => {
    fc.assert(
      fc.property(automata(tokens), (machine) => {
        const smallest = plain(minimize(machine));
        expect(plain(minimize(minimize(machine)))).toEqual(smallest);
        expect(plain(minimize(product(machine, machine)))).toEqual(smallest);
        expect(plain(minimize(complement(complement(machine))))).toEqual(smallest);
        const renamed = automaton({
          tokens,
          states: machine.states,
          start: machine.states - 1 - machine.start,
          arcs: Array.from(machine.labels, (label, arc) => {
            const source = machine.offsets.findLastIndex((offset) => offset <= arc);
            return [machine.states - 1 - source, label, machine.states - 1 - (machine.targets[arc] as number)] as const;
          }),
          accept: Array.from(machine.accepting, (yes, state) => (yes ? [machine.states - 1 - state] : [])).flat(),
        });
        expect(plain(minimize(renamed))).toEqual(smallest);
      }),
      { seed: 7 },
    );
  });

  test("merges a long chain in linear time", () => {
    const states = 50_000;
    const arcs = Array.from({ length: states - 1 }, (_, state) => [state, 0, state + 1] as const);
    const machine = automaton({ tokens, states, start: 0, arcs, accept: [states - 1] });
    expect(minimize(machine).states).toBe(states);
    const even = automaton({
      tokens,
      states,
      start: 0,
      arcs: [...arcs, [states - 1, 0, 0]],
      accept: arcs.map((_, i) => i).filter((i) => i % 2 === 0),
    });
    expect(minimize(even).states).toBe(2);
  });
});

describe("product and complement", () => {
  test("intersect, and take the rest", () => {
    const all = sequences(2, 5).map((sequence) => sequence.join(""));
    fc.assert(
      fc.property(automata(tokens), automata(tokens), (left, right) => {
        const [first, second] = [new Set(language(left, 5)), new Set(language(right, 5))];
        expect(language(product(left, right), 5)).toEqual(all.filter((text) => first.has(text) && second.has(text)));
        expect(language(complement(left), 5)).toEqual(all.filter((text) => !first.has(text)));
        expect(isEmpty(product(left, complement(left)))).toBe(true);
      }),
      { seed: 8 },
    );
  });

  test("refuse different tokens and too many arcs", () => {
    const one = (names: string[]) => automaton({ tokens: names, states: 1, start: 0, arcs: [], accept: [0] });
    expect(() => product(one(["a", "b"]), one(["a", "c"]))).toThrow(
      'the automata of a product must have the same tokens, but token 1 is "b" in one and "c" in the other: build both over one list',
    );
    expect(() => product(one(["a"]), one(["a", "c"]))).toThrow("but one has 1 and the other 2");
    const wide = automaton({ tokens: 10_000, states: 10_000, start: 0, arcs: [], accept: [0] });
    expect(() => complement(wide)).toThrow("the complement needs at least 100010000 arcs, the limit is 33554432");
  });
});
