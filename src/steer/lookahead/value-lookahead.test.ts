import { describe, expect, test } from "vitest";
import { containing } from "../constraints/index.ts";
import { constrain } from "../potentials/index.ts";
import { randomModel, sumAlong, tokenSequences } from "../testing/small-models.ts";
import { valueLookahead } from "./value-lookahead.ts";

describe("learned values", () => {
  const { vocabulary } = randomModel(["a", "b"], { seed: 1 });
  const wish = constrain(containing({ must: ["ab"] }), vocabulary, { maximumTokens: 4 });

  test("any finite values leave every response's weight as it was", async () => {
    const values = {
      name: "odd",
      start: -3,
      next: (prefixes: readonly (readonly number[])[]) =>
        Promise.resolve(prefixes.map(({ length }) => Float64Array.of(length - 1, 7 / (length + 1), Number.NaN))),
    };
    const ahead = valueLookahead(wish, vocabulary, values);
    expect(ahead.start().value).toBe(-3);
    for (const tokens of tokenSequences(2, 4)) {
      const phi = await sumAlong(wish, tokens, 2);
      const sum = await sumAlong(ahead, tokens, 2);
      if (phi === -Infinity) expect(sum).toBe(-Infinity);
      else expect(sum).toBeCloseTo(0, 12);
    }
  });

  test("states are asked about once, and branches do not mix", async () => {
    const asked: string[] = [];
    const ahead = valueLookahead(wish, vocabulary, {
      name: "counted",
      start: 0,
      next: (prefixes) => {
        asked.push(...prefixes.map((prefix) => prefix.join("")));
        return Promise.resolve(prefixes.map((prefix) => Float64Array.of(prefix.length, -prefix.length, 0)));
      },
    });
    const { state } = ahead.start();
    await ahead.rows([state, state]);
    const [left, right] = [ahead.advance(state, 0), ahead.advance(state, 1)];
    await ahead.rows([left, right, left]);
    await ahead.rows([left]);
    expect(asked).toEqual(["", "0", "1"]);
  });

  test.each([
    ["NaN", Float64Array.of(Number.NaN, 0, 0), /the value after token 0 is NaN/],
    ["+∞", Float64Array.of(0, Infinity, 0), /the value after token 1 is Infinity/],
    ["no row", undefined as unknown as Float64Array, /fewer rows/],
  ])("%s is refused", async (_, row, message) => {
    const ahead = valueLookahead(wish, vocabulary, { name: "wrong", start: 0, next: () => Promise.resolve([row]) });
    await expect(ahead.rows([ahead.start().state])).rejects.toThrow(message);
  });

  test("a row must be asked for before going on", () => {
    const ahead = valueLookahead(wish, vocabulary, { name: "eager", start: 0, next: () => Promise.resolve([]) });
    expect(() => ahead.advance(ahead.start().state, 0)).toThrow(/ask for the row of a state/);
    const infinite = valueLookahead(wish, vocabulary, {
      name: "lost",
      start: -Infinity,
      next: () => Promise.resolve([]),
    });
    expect(() => infinite.start()).toThrow(/the value at the start is -Infinity/);
  });
});
