import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { automaton } from "./automata/automaton.ts";
import { spaces } from "./files/testing/tables.ts";
import { layered } from "./layered.ts";
import { checkSameSpace, differenceOf } from "./same-space.ts";
import type { Space } from "./space.ts";
import { tree } from "./tree.ts";

const base = { tokens: ["a", "b"], horizon: 3, eos: true };
const machine = {
  tokens: ["a", "b"],
  states: 2,
  start: 0,
  arcs: [
    [0, 0, 0],
    [0, 1, 1],
    [1, 0, 1],
  ] as const,
  accept: [1],
};
const merged = (change: object = {}, bounds: object = {}): Space =>
  layered(automaton({ ...machine, ...change }), { horizon: 3, eos: true, ...bounds });

describe("names the first difference", () => {
  test.each<[Space, Space, RegExp]>([
    [tree(base), tree({ ...base, tokens: 3 }), /vocabularies have 2 and 3 tokens/],
    [tree(base), tree({ ...base, tokens: ["a", "c"] }), /index 1 are "b" and "c"/],
    [tree(base), tree({ ...base, horizon: 4 }), /horizons are 3 and 4/],
    [tree(base), tree({ ...base, eos: false }), /EOS in the first only/],
    [tree(base), merged(), /kinds are tree and automaton/],
    [merged(), merged({ start: 1 }), /start states are 0 and 1/],
    [merged(), merged({ states: 3 }), /depth 0, there are 2 and 3 states/],
    [merged(), merged({ accept: [0, 1] }), /depth 0, there are 4 and 5 arcs/],
    [merged(), merged({ accept: [0] }), /depth 0, state 0 has 2 and 3 arcs/],
    [
      merged(),
      merged({
        arcs: [
          [0, 0, 0],
          [0, 1, 1],
          [1, 1, 1],
        ],
      }),
      /depth 0, an arc of state 1 has action 0 and 1/,
    ],
    [
      merged(),
      merged({
        arcs: [
          [0, 0, 1],
          [0, 1, 1],
          [1, 0, 1],
        ],
      }),
      /state 0 leads by action 0 to state 0 and state 1/,
    ],
  ])("case %#", (a, b, difference) => {
    expect(differenceOf(a, b)).toMatch(difference);
    expect(() => checkSameSpace(a, b)).toThrow(difference);
  });
});

test("finds none between a space and itself", () => {
  fc.assert(
    fc.property(spaces, (space) => {
      expect(differenceOf(space, { ...space })).toBeUndefined();
    }),
    { seed: 7 },
  );
});
