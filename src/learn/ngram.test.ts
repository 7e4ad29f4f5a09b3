import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { logProbability, sample, softValues } from "../bellman/index.ts";
import { fitNgram, heldOutBits } from "./ngram.ts";

const tokens = ["a", "b", "c"];
const encode = (text: string) => Array.from(text, (character) => tokens.indexOf(character));
const texts = ["abc", "abb", "ab", "cab", ""].map(encode);

/** Interpolated Witten–Bell straight from the formula, contexts padded on the left: the oracle. */
const directly = (history: readonly number[], action: number, order: number): number => {
  const begin = -1;
  const pad = (text: readonly number[]) => [begin, ...text];
  const events = texts.flatMap((text) =>
    Array.from({ length: text.length + 1 }, (_, t) => ({ before: pad(text.slice(0, t)), action: text[t] ?? 3 })),
  );
  const probability = (context: readonly number[], length: number): number => {
    if (length < 0) return 1 / 4;
    const end = context.slice(context.length - length);
    const shorter = probability(context, length - 1);
    const seen = events.filter(
      ({ before }) => before.length >= length && end.every((mark, i) => before[before.length - length + i] === mark),
    );
    if (seen.length === 0) return shorter;
    const distinct = new Set(seen.map((event) => event.action)).size;
    const times = seen.filter((event) => event.action === action).length;
    return (times + distinct * shorter) / (seen.length + distinct);
  };
  const padded = pad(history);
  return probability(padded, Math.min(order - 1, padded.length));
};

describe.each([1, 2, 3, 4])("order %d", (order) => {
  const model = fitNgram({ tokens, order, texts, horizon: 6 });

  test("gives every text the probability of the formula", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 2 }), { maxLength: 4 }), (response) => {
        const expected = [...response, 3].reduce(
          (sum, action, t) => sum + Math.log(directly(response.slice(0, t), action, order)),
          0,
        );
        expect(logProbability(model, response)).toBeCloseTo(expected, 12);
      }),
      { numRuns: 200, seed: 31 },
    );
  });

  test("has normalised logits, all positive, and only EOS at the last depth", () => {
    for (const values of softValues(model)) for (const value of values) expect(Math.abs(value)).toBeLessThan(1e-14);
    for (const level of model.levels) expect(level.every((logit) => logit > -Infinity)).toBe(true);
    expect(logProbability(model, encode("aaaaa"))).toBeGreaterThan(-Infinity);
    expect(logProbability(model, encode("aaaaaa"))).toBe(-Infinity);
  });

  test("held-out bits are the texts' average surprise", () => {
    const held = [encode("abba"), encode("c")];
    const surprise = held.flatMap((text) =>
      [...text, 3].map((action, t) => -Math.log2(directly(text.slice(0, t), action, order))),
    );
    const { bits } = heldOutBits({ tokens, order, texts, held });
    expect(bits).toBeCloseTo(surprise.reduce((a, b) => a + b, 0) / surprise.length, 12);
  });
});

test("depths share one array of logits", () => {
  const { levels } = fitNgram({ tokens, order: 3, texts, horizon: 6 });
  expect(levels[1]).toBe(levels[0]);
});

test("rare contexts share the counts of shorter ones", () => {
  const all = fitNgram({ tokens, order: 3, texts, horizon: 6 });
  const few = fitNgram({ tokens, order: 3, texts, horizon: 6, minimumCount: 3 });
  expect(few.space.layer(0).states).toBeLessThan(all.space.layer(0).states);
  expect([...sample(few, 100, { seed: 1 }).logProbabilities].every((p) => p > -Infinity)).toBe(true);
});

test("no texts at all leave the uniform model", () => {
  const model = fitNgram({ tokens, order: 2, texts: [], horizon: 3 });
  expect(logProbability(model, [0])).toBeCloseTo(2 * Math.log(1 / 4), 14);
});

test("bad knobs and tokens are refused", () => {
  expect(() => fitNgram({ tokens, order: 0, texts, horizon: 3 })).toThrow(/"order" must be a whole number ≥ 1/);
  expect(() => fitNgram({ tokens, order: 2, texts: [[3]], horizon: 3 })).toThrow(/text 0 holds token 3/);
});
