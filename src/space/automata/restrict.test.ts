import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ArcLayer, type LayeredAutomaton, layered } from "../layered.ts";
import { END } from "../space.ts";
import { type Automaton, accepts, automaton } from "./automaton.ts";
import { lengthRange } from "./length-range.ts";
import { restrict } from "./restrict.ts";
import { automata, sequences } from "./testing/languages.ts";
import { trie } from "./trie.ts";

const tokens = ["a", "b"];

/** Each path from the start to END: its actions, and its arcs. */
const pathsOf = (space: LayeredAutomaton): Map<string, number[]> => {
  const paths = new Map<string, number[]>();
  const walk = (state: number, actions: number[], arcs: number[]) => {
    const layer = space.layers[arcs.length] as ArcLayer;
    for (let arc = layer.firstArc(state); arc < layer.firstArc(state + 1); arc++) {
      const [target, along] = [layer.target(arc, state), [...actions, layer.action(arc, state)]];
      if (target === END) paths.set(along.join(""), [...arcs, arc]);
      else walk(target, along, [...arcs, arc]);
    }
  };
  walk(space.start, [], []);
  return paths;
};

const expectRestricted = (space: LayeredAutomaton, machine: Automaton) => {
  const restricted = restrict(space, machine);
  const before = pathsOf(space);
  const kept = [...before.keys()].filter((path) => {
    const response = [...path].map(Number).filter((action) => action < tokens.length);
    return accepts(machine, response);
  });
  const after = pathsOf(restricted.space);
  expect([...after.keys()].sort()).toEqual(kept.sort());
  for (const [path, arcs] of after) {
    expect(arcs.map((arc, depth) => restricted.origins[depth]?.[arc])).toEqual(before.get(path));
  }
  for (const [depth, layer] of restricted.space.layers.entries()) {
    expect(restricted.origins[depth]).toHaveLength(layer.arcs);
    for (let arc = 0; arc < layer.arcs; arc++) {
      const old = restricted.origins[depth]?.[arc] as number;
      expect(space.layers[depth]?.actions[old]).toBe(layer.actions[arc]);
    }
  }
  return restricted;
};

describe("a restricted space", () => {
  test("has the paths that the automaton accepts, each over its old arcs", () => {
    fc.assert(
      fc.property(
        automata(tokens, 4),
        automata(tokens, 4),
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        (base, machine, horizon, eos) => {
          const space = layered(base, { horizon, eos });
          const { layers } = expectRestricted(space, machine).space;
          if (new Set(space.layers.slice(0, -1)).size === 1) expect(new Set(layers.slice(0, -1)).size).toBe(1);
        },
      ),
      { seed: 12, numRuns: 300 },
    );
  });

  test("of a trie stays laid out by depth", () => {
    const responses = fc.array(fc.array(fc.nat(1), { maxLength: 4 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(
        responses,
        automata(tokens, 4),
        fc.integer({ min: 1, max: 6 }),
        fc.boolean(),
        (list, machine, horizon, eos) => {
          expectRestricted(layered(trie(list, tokens), { horizon, eos }), machine);
        },
      ),
      { seed: 13, numRuns: 200 },
    );
  });

  test("shares arcs and origins where the space does", () => {
    const all = lengthRange({ tokens, minimum: 0 });
    const { space, origins } = restrict(layered(all, { horizon: 500, eos: true }), lengthRange({ tokens, minimum: 3 }));
    expect([new Set(space.layers).size, new Set(origins).size]).toEqual([2, 2]);
    expect([space.layers[0]?.states, space.start, space.horizon, space.eos]).toEqual([4, 0, 500, true]);
  });

  test("keeps a start where nothing is left, and drops states that cannot finish", () => {
    const all = layered(lengthRange({ tokens, minimum: 0 }), { horizon: 3, eos: true });
    const nothing = automaton({
      tokens,
      states: 2,
      start: 0,
      arcs: [
        [0, 0, 1],
        [1, 0, 0],
      ],
      accept: [],
    });
    const { space } = restrict(all, nothing);
    expect(space.layers.map(({ states, arcs }) => [states, arcs])).toEqual([
      [1, 0],
      [1, 0],
      [1, 0],
    ]);
    expect(pathsOf(space).size).toBe(0);
    expect(sequences(2, 2).some((sequence) => accepts(nothing, sequence))).toBe(false);
  });

  test("refuses an automaton over other tokens", () => {
    const all = layered(lengthRange({ tokens, minimum: 0 }), { horizon: 3, eos: true });
    expect(() => restrict(all, lengthRange({ tokens: ["a", "x"], minimum: 0 }))).toThrow(
      'the space and the automaton must have the same tokens, but token 1 is "b" in one and "x" in the other',
    );
  });
});
