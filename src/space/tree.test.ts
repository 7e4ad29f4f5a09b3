import { describe, expect, test } from "vitest";
import { END } from "./space.ts";
import { prefixOf, tree } from "./tree.ts";

describe("a tree", () => {
  test("numbers prefixes in lexicographic order", () => {
    const space = tree({ tokens: ["a", "b", "c"], horizon: 4, eos: true });
    for (let depth = 0; depth < 3; depth++) {
      const layer = space.layer(depth);
      const next = space.layer(depth + 1);
      expect(layer.states).toBe(3 ** depth);
      let last = -1;
      for (let state = 0; state < layer.states; state++) {
        expect(layer.firstArc(state + 1) - layer.firstArc(state)).toBe(4);
        for (let token = 0; token < 3; token++) {
          const target = layer.target(layer.arcOf(state, token), state);
          expect(target).toBe(++last);
          expect(prefixOf(space, depth + 1, target)).toEqual([...prefixOf(space, depth, state), token]);
        }
        expect(layer.target(layer.arcOf(state, 3), state)).toBe(END);
      }
      expect(last).toBe(next.states - 1);
    }
  });

  test("ends at the last depth: with EOS by EOS alone, without by any token", () => {
    const ended = tree({ tokens: 2, horizon: 2, eos: true }).layer(1);
    expect([0, 1, 2].map((action) => ended.arcOf(1, action))).toEqual([-1, -1, 5]);
    const fixed = tree({ tokens: 2, horizon: 2, eos: false }).layer(1);
    expect([0, 1, 2].map((action) => fixed.arcOf(1, action))).toEqual([2, 3, -1]);
    expect(fixed.target(3, 1)).toBe(END);
  });

  test("says its actions and names a numbered vocabulary", () => {
    const space = tree({ tokens: 3, horizon: 1, eos: true });
    expect(space.tokens).toEqual(["0", "1", "2"]);
    expect(space.actions).toBe(4);
    expect(space.layer(0).action(3, 0)).toBe(3);
  });

  test.each([
    [{ horizon: 0 }, `"horizon" must be a whole number ≥ 1, got 0`],
    [{ horizon: 1.5 }, `"horizon" must be a whole number ≥ 1, got 1.5`],
    [{ tokens: 0 }, `"tokens" must be a whole number ≥ 1 or a list of texts, got 0`],
    [{ tokens: [] }, `"tokens" must name at least one token`],
    [{ tokens: ["a", "b", "a"] }, `"tokens" must be distinct, but "a" stands at index 0 and at index 2: remove one`],
    [{ tokens: ["a", 1] }, `"tokens" must be texts, got 1 at index 1`],
    [{ eos: 1 }, `"eos" must be true or false, got 1`],
  ] as [object, string][])("refuses %j", (change, message) => {
    expect(() => tree({ tokens: 2, horizon: 2, eos: true, ...change })).toThrow(message);
  });
});
