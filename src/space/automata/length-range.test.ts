import { describe, expect, test } from "vitest";
import { lengthRange } from "./length-range.ts";
import { minimize } from "./minimize.ts";
import { language, plain, sequences } from "./testing/languages.ts";

describe("a length range", () => {
  test.each([
    [0, undefined],
    [2, undefined],
    [0, 0],
    [0, 3],
    [2, 2],
    [1, 4],
  ])("from %i to %s tokens", (minimum, maximum) => {
    const machine = lengthRange({ tokens: ["a", "b"], minimum, ...(maximum === undefined ? {} : { maximum }) });
    const expected = sequences(2, 5).filter(({ length }) => length >= minimum && length <= (maximum ?? Infinity));
    expect(language(machine, 5)).toEqual(expected.map((sequence) => sequence.join("")));
    expect(plain(minimize(machine))).toEqual(plain(machine));
  });

  test.each([
    [{ minimum: -1 }, `"minimum" must be a whole number ≥ 0, got -1`],
    [{ minimum: 0.5 }, `"minimum" must be a whole number ≥ 0, got 0.5`],
    [{ minimum: 0, maximum: Number.NaN }, `"maximum" must be a whole number ≥ 0, got NaN`],
    [{ minimum: 3, maximum: 2 }, `"maximum" must be at least "minimum", got 2 and 3`],
    [{ minimum: 1e9 }, "the length range needs at least 1000000001 states, the limit is 4194304: lower the bounds"],
  ])("refuses %j", (options, message) => {
    expect(() => lengthRange({ tokens: 2, ...options })).toThrow(message);
  });
});
