import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tree } from "../space/index.ts";
import { logProbability } from "./policy.ts";
import { generator, uniform } from "./random.ts";
import { sample } from "./sample.ts";
import { sampleWithoutReplacement } from "./sample-without-replacement.ts";
import { toLogits } from "./soft-bellman.ts";
import { enumerate, isEmpty, type Listed } from "./testing/enumeration.ts";
import { randomTable, rewards } from "./testing/problems.ts";

/**
 * Pearson's statistic of counts against probabilities, in standard deviations of its χ² law. Cells expected to hold
 * fewer than 5 are pooled.
 */
const surprise = (counts: readonly number[], probabilities: readonly number[]): number => {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let [statistic, cells, restCount, restExpected] = [0, 0, 0, 0];
  counts.forEach((count, i) => {
    const expected = total * (probabilities[i] as number);
    if (expected < 5) {
      restCount += count;
      restExpected += expected;
    } else {
      statistic += (count - expected) ** 2 / expected;
      cells++;
    }
  });
  if (restExpected >= 5) {
    statistic += (restCount - restExpected) ** 2 / restExpected;
    cells++;
  }
  return cells < 2 ? 0 : (statistic - (cells - 1)) / Math.sqrt(2 * (cells - 1));
};

const tally = (counts: number[], index: number) => {
  counts[index] = (counts[index] as number) + 1;
};

const indexOf = (listed: Listed) => {
  const places = new Map(listed.tokens.map((response, index) => [response.join(), index]));
  return (response: ArrayLike<number>) => places.get(Array.from(response).join()) as number;
};

describe("sample", () => {
  test("draws responses with their probabilities, and never one of probability 0", () => {
    fc.assert(
      fc.property(rewards, fc.nat(), (reward, seed) => {
        const listed = enumerate(reward);
        if (isEmpty(listed)) return;
        const arm = toLogits(reward);
        const samples = sample(arm, 2_000, { seed });
        const counts = new Array<number>(listed.tokens.length).fill(0);
        const place = indexOf(listed);
        for (let i = 0; i < samples.count; i++) {
          const index = place(samples.response(i));
          tally(counts, index);
          expect(samples.logProbabilities[i]).toBe(logProbability(arm, samples.response(i)));
          expect(listed.scores[index]).toBeGreaterThan(-Infinity);
        }
        // 60 runs: a statistic 6 standard deviations up has probability below 1e-3 in all, with the χ² law's heavy tail
        expect(surprise(counts, [...listed.logProbabilities].map(Math.exp))).toBeLessThan(6);
      }),
      { numRuns: 60, seed: 21 },
    );
  });

  test("repeats with its seed, and long rows are drawn by halving", () => {
    const space = tree({ tokens: 40, horizon: 2, eos: true });
    const reward = randomTable(space, "reward", { seed: 3, scale: 1, offset: 0, forbidden: 0.3 });
    const listed = enumerate(reward);
    const [first, second, other] = [1, 1, 2].map((seed) => sample(reward, 20_000, { seed }));
    expect(first?.tokens).toEqual(second?.tokens);
    expect(first?.tokens).not.toEqual(other?.tokens);
    const counts = new Array<number>(listed.tokens.length).fill(0);
    const place = indexOf(listed);
    for (let i = 0; i < 20_000; i++) tally(counts, place(first?.response(i) as Int32Array));
    expect(surprise(counts, [...listed.logProbabilities].map(Math.exp))).toBeLessThan(5);
  });

  test("refuses counts and seeds that are not whole", () => {
    const reward = randomTable(tree({ tokens: 2, horizon: 1, eos: false }), "reward", NUMBERS);
    for (const count of [-1, 1.5, Number.NaN]) expect(() => sample(reward, count, { seed: 1 })).toThrow(/"count"/);
    for (const seed of [-1, 1.5, 2 ** 32]) expect(() => sample(reward, 1, { seed })).toThrow(/"seed"/);
  });
});

const NUMBERS = { seed: 8, scale: 1, offset: 0, forbidden: 0 };

describe("sampleWithoutReplacement", () => {
  test("gives each response of positive probability once, in decreasing order of perturbed log-probability", () => {
    fc.assert(
      fc.property(rewards, fc.nat(), (reward, seed) => {
        const listed = enumerate(reward);
        if (isEmpty(listed)) return;
        const drawn = sampleWithoutReplacement(reward, 1_000, { seed });
        const positive = listed.tokens.filter((_, i) => (listed.scores[i] as number) > -Infinity);
        expect(new Set(drawn.map(({ tokens }) => tokens.join()))).toEqual(new Set(positive.map((y) => y.join())));
        drawn.forEach(({ perturbed, tokens, logProbability: logP }, rank) => {
          expect(Number.isNaN(perturbed)).toBe(false);
          if (rank > 0) expect(perturbed).toBeLessThanOrEqual(drawn[rank - 1]?.perturbed as number);
          expect(logP).toBe(logProbability(reward, tokens));
        });
      }),
      { numRuns: 100, seed: 22 },
    );
  });

  test("keeps only prefixes that can still win, and draws the same whatever it keeps", () => {
    const reward = randomTable(tree({ tokens: 4, horizon: 7, eos: false }), "reward", NUMBERS);
    const all = sampleWithoutReplacement(reward, 16_384, { seed: 5 });
    expect(all.length).toBe(16_384);
    const some = sampleWithoutReplacement(reward, 300, { seed: 5 });
    expect(some.map(({ tokens }) => tokens.join())).toEqual(all.slice(0, 300).map(({ tokens }) => tokens.join()));
  });

  test("draws pairs with the probability p(y)·p(z)/(1 − p(y)) of drawing one after the other", () => {
    const reward = randomTable(tree({ tokens: 2, horizon: 3, eos: true }), "reward", NUMBERS);
    const listed = enumerate(reward);
    const arm = toLogits(reward);
    const p = [...listed.logProbabilities].map(Math.exp);
    const place = indexOf(listed);
    const n = p.length;
    const counts = new Array<number>(n * n).fill(0);
    for (let seed = 0; seed < 20_000; seed++) {
      const [first, second] = sampleWithoutReplacement(arm, 2, { seed }).map(({ tokens }) => place(tokens));
      tally(counts, (first as number) * n + (second as number));
    }
    const expected = counts.map((_, cell) => {
      const [y, z] = [Math.floor(cell / n), cell % n];
      return y === z ? 0 : ((p[y] as number) * (p[z] as number)) / (1 - (p[y] as number));
    });
    expect(counts.every((count, cell) => count === 0 || (expected[cell] as number) > 0)).toBe(true);
    expect(surprise(counts, expected)).toBeLessThan(5);
  });
});

describe("generator", () => {
  test("uniform numbers lie inside (0, 1) and streams differ", () => {
    const streams = [0, 1, 2].map((stream) => generator(5, stream));
    const first = streams.map((random) => Array.from({ length: 4 }, () => uniform(random)).join());
    expect(new Set(first).size).toBe(3);
    const random = generator(0);
    let sum = 0;
    for (let i = 0; i < 100_000; i++) {
      const u = uniform(random);
      if (!(u > 0 && u < 1)) throw new Error(`out of range: ${u}`);
      sum += u;
    }
    // standard error of the mean: 1/√(12·10⁵) ≈ 0.0009
    expect(Math.abs(sum / 100_000 - 0.5)).toBeLessThan(0.004);
  });
});
