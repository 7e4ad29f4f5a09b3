import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { accepts, automaton } from "./automata/automaton.ts";
import { automata, sequences } from "./automata/testing/languages.ts";
import { trie } from "./automata/trie.ts";
import { type ArcLayer, type LayeredAutomaton, layered } from "./layered.ts";
import { END } from "./space.ts";

const tokens = ["a", "b"];

/** Paths from the start to END, as texts of actions. */
const pathsOf = (space: LayeredAutomaton): string[] => {
  const paths: string[] = [];
  const walk = (depth: number, state: number, actions: string) => {
    if (depth === space.horizon) return;
    const layer = space.layers[depth] as ArcLayer;
    for (let arc = layer.firstArc(state); arc < layer.firstArc(state + 1); arc++) {
      const action = layer.action(arc, state);
      const target = layer.target(arc, state);
      expect(layer.arcOf(state, action)).toBe(arc);
      if (target === END) paths.push(actions + action);
      else walk(depth + 1, target, actions + action);
    }
  };
  walk(0, space.start, "");
  return paths.sort();
};

describe("a layered automaton", () => {
  test("holds exactly the accepted responses within the horizon", () => {
    fc.assert(
      fc.property(automata(tokens), fc.integer({ min: 1, max: 5 }), fc.boolean(), (machine, horizon, eos) => {
        const within = sequences(2, horizon).filter(
          (sequence) => accepts(machine, sequence) && (eos ? sequence.length < horizon : sequence.length === horizon),
        );
        const expected = within.map((sequence) => sequence.join("") + (eos ? "2" : "")).sort();
        expect(pathsOf(layered(machine, { horizon, eos }))).toEqual(expected);
      }),
      { seed: 2, numRuns: 300 },
    );
  });

  test("stores repeated arcs once, whatever the horizon", () => {
    const machine = automaton({ tokens, states: 1, start: 0, arcs: [[0, 0, 0]], accept: [0] });
    const { layers } = layered(machine, { horizon: 1000, eos: true });
    expect(layers).toHaveLength(1000);
    expect(new Set(layers).size).toBe(2);
    expect(new Set(layered(machine, { horizon: 1, eos: true }).layers).size).toBe(1);
  });

  test("lays a trie out by depth, also one deeper or shallower than the horizon", () => {
    const names = trie([[0, 0], [0, 1], [1]], tokens);
    const counts = (horizon: number) => layered(names, { horizon, eos: true }).layers.map((layer) => layer.states);
    expect(counts(1)).toEqual([1]);
    expect(counts(2)).toEqual([1, 2]);
    expect(counts(3)).toEqual([1, 2, 2]);
    expect(counts(5)).toEqual([1, 2, 2, 0, 0]);
    expect(pathsOf(layered(names, { horizon: 2, eos: true }))).toEqual(["12"]);
    expect(pathsOf(layered(names, { horizon: 5, eos: true }))).toEqual(["002", "012", "12"]);
    expect(pathsOf(layered(names, { horizon: 2, eos: false }))).toEqual(["00", "01"]);
    expect(pathsOf(layered(names, { horizon: 4, eos: false }))).toEqual([]);
  });

  test("refuses horizons that are not whole, not positive or beyond memory", () => {
    const machine = automaton({ tokens, states: 1, start: 0, arcs: [[0, 0, 0]], accept: [0] });
    expect(() => layered(machine, { horizon: 0, eos: true })).toThrow(`"horizon" must be a whole number ≥ 1, got 0`);
    expect(() => layered(machine, { horizon: 1e12, eos: true })).toThrow(RangeError);
    expect(() => layered(machine, { horizon: 2, eos: 1 as unknown as boolean })).toThrow(TypeError);
  });
});
