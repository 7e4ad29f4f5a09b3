import fc from "fast-check";
import { expect, test } from "vitest";
import { automaton } from "./automata/automaton.ts";
import { spaces } from "./files/testing/tables.ts";
import { layered } from "./layered.ts";
import { countArcs, countStates } from "./size.ts";
import { tree } from "./tree.ts";

test("counts a tree's prefixes and allowed actions", () => {
  fc.assert(
    fc.property(spaces, (space) => {
      fc.pre(space.kind === "tree");
      let [states, arcs] = [0, 0];
      for (let depth = 0; depth < space.horizon; depth++) {
        const layer = space.layer(depth);
        states += layer.states;
        for (let state = 0; state < layer.states; state++) {
          for (let action = 0; action < space.actions; action++) arcs += layer.arcOf(state, action) >= 0 ? 1 : 0;
        }
      }
      expect([countStates(space), countArcs(space)]).toEqual([BigInt(states), BigInt(arcs)]);
    }),
    { seed: 7 },
  );
});

test("is exact beyond float64", () => {
  expect(countStates(tree({ tokens: 3, horizon: 40, eos: true }))).toBe((3n ** 40n - 1n) / 2n);
});

test.each([1, 2, 9])("counts an automaton's arcs once, whatever the horizon: %i", (horizon) => {
  const machine = automaton({
    tokens: 2,
    states: 3,
    start: 0,
    arcs: [
      [0, 0, 1],
      [1, 0, 0],
      [1, 1, 2],
    ],
    accept: [0, 2],
  });
  const space = layered(machine, { horizon, eos: true });
  expect(countStates(space)).toBe(3n);
  // the horizon of 1 leaves EOS alone
  expect(countArcs(space)).toBe(horizon === 1 ? 2n : 5n);
});

test("adds up the depths of an automaton that is laid out depth by depth", () => {
  const chain = automaton({
    tokens: 2,
    states: 4,
    start: 0,
    arcs: [
      [0, 0, 1],
      [0, 1, 2],
      [1, 0, 3],
    ],
    accept: [2, 3],
  });
  const space = layered(chain, { horizon: 3, eos: true });
  expect([countStates(space), countArcs(space)]).toEqual([4n, 5n]);
});
