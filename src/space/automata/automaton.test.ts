import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Arc, accepts, automaton, sortArcs, step } from "./automaton.ts";

describe("an automaton from arcs", () => {
  const given = { tokens: ["a", "b"], states: 2, start: 0, accept: [1] };

  test("sorts its arcs and follows them", () => {
    const machine = automaton({
      ...given,
      arcs: [
        [1, 0, 0],
        [0, 1, 1],
        [0, 0, 0],
      ],
    });
    expect([...machine.offsets]).toEqual([0, 2, 3]);
    expect([...machine.labels]).toEqual([0, 1, 0]);
    expect([...machine.targets]).toEqual([0, 1, 0]);
    expect(step(machine, 0, 1)).toBe(1);
    expect(step(machine, 1, 1)).toBe(-1);
    expect(accepts(machine, [0, 0, 1])).toBe(true);
    expect(accepts(machine, [0, 1, 1])).toBe(false);
    expect(accepts(machine, [])).toBe(false);
  });

  test("takes arcs from a generator, and no arcs at all", () => {
    const arcs = function* (): Iterable<Arc> {
      yield [0, 0, 1];
    };
    expect(accepts(automaton({ ...given, arcs: arcs() }), [0])).toBe(true);
    expect(automaton({ ...given, arcs: [] }).labels).toHaveLength(0);
  });

  test.each([
    [{ states: 0 }, `"states" must be a whole number ≥ 1, got 0`],
    [{ start: 2 }, `"start" must be a state from 0 to 1, got 2`],
    [
      {
        arcs: [
          [0, 0, 0],
          [2, 0, 0],
        ],
      },
      "the source of arc 1 must be a state from 0 to 1, got 2",
    ],
    [{ arcs: [[0, 2, 0]] }, "the token of arc 0 must be a token from 0 to 1, got 2"],
    [{ arcs: [[0, 0, -1]] }, "the target of arc 0 must be a state from 0 to 1, got -1"],
    [{ arcs: [[0, 0.5, 0]] }, "the token of arc 0 must be a token from 0 to 1, got 0.5"],
    [{ accept: [Number.NaN] }, "an accepting state must be a state from 0 to 1, got NaN"],
  ] as [object, string][])("refuses %j", (change, message) => {
    expect(() => automaton({ ...given, arcs: [], ...change })).toThrow(new RangeError(message));
  });

  test("refuses two arcs by the same token, naming both", () => {
    expect(() =>
      automaton({
        ...given,
        arcs: [
          [0, 1, 1],
          [1, 1, 0],
          [0, 1, 0],
        ],
      }),
    ).toThrow('arcs 0 and 2 both leave state 0 by token "b": the automaton must be deterministic, so keep one of them');
  });

  test("orders arcs by source, token, then place", () => {
    const arcs = fc.array(fc.tuple(fc.nat(4), fc.nat(3), fc.nat(9)));
    fc.assert(
      fc.property(arcs, (list) => {
        const expected = list
          .map((_, index) => index)
          .sort((i, j) => {
            const [left, right] = [list[i] as Arc, list[j] as Arc];
            return left[0] - right[0] || left[1] - right[1] || i - j;
          });
        expect(sortArcs(list)).toEqual(expected);
      }),
      { seed: 1 },
    );
  });
});
