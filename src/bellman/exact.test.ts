import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arcsOf, automaton, layered, lengthOf, type Table, tableOfArcs, tree } from "../space/index.ts";
import { bestResponses, highestRewards } from "./best.ts";
import { compare } from "./compare.ts";
import { kl } from "./divergence.ts";
import { entropy, expectation, expectedLength } from "./expectation.ts";
import { hardValues } from "./hard-values.ts";
import { arcMarginals, visits } from "./marginals.ts";
import { toLogits } from "./soft-bellman.ts";
import { countSupport } from "./support.ts";
import { arcProbabilities, enumerate, isEmpty, klOf, type Listed, mean, unitOf } from "./testing/enumeration.ts";
import { randomTable, rewardPairs, rewards } from "./testing/problems.ts";
import { tilt } from "./tilt.ts";

// Enumeration itself rounds scores to 1.1e-16 of their size, and probabilities carry that as a relative error
const tolerance = (listed: Listed, size = 1) => 1e-12 * unitOf(listed) * Math.max(1, size);

const onModels = (seed: number, law: (reward: Table, listed: Listed) => void) =>
  fc.assert(
    fc.property(rewards, (reward) => {
      const listed = enumerate(reward);
      if (!isEmpty(listed)) law(reward, listed);
    }),
    { numRuns: 200, seed },
  );

const close = (actual: number, expected: number, within: number) => {
  if (actual !== expected) expect(Math.abs(actual - expected)).toBeLessThanOrEqual(within);
};

describe("against enumeration", () => {
  test("entropy, expected length, support", () =>
    onModels(11, (reward, listed) => {
      close(
        entropy(reward),
        mean(listed, (_, i) => -(listed.logProbabilities[i] as number)),
        tolerance(listed, 10),
      );
      close(
        expectedLength(reward),
        mean(listed, (response) => lengthOf(reward.space, response)),
        tolerance(listed, 4),
      );
      expect(countSupport(reward)).toBe(BigInt(listed.scores.filter((score) => score > -Infinity).length));
    }));

  test("mean and variance of an additive feature", () =>
    onModels(12, (reward, listed) => {
      const feature = randomTable(reward.space, "reward", { seed: 5, scale: 1, offset: 0, forbidden: 0 }).levels;
      const values = listed.tokens.map((response) =>
        (arcsOf(reward.space, response) as number[]).reduce((sum, arc, t) => sum + (feature[t]?.[arc] as number), 0),
      );
      const first = mean(listed, (_, i) => values[i] as number);
      const second = mean(listed, (_, i) => ((values[i] as number) - first) ** 2);
      const actual = expectation(reward, feature);
      close(actual.mean, first, tolerance(listed, 20));
      close(actual.variance, second, tolerance(listed, 400));
      expect(actual.variance).toBeGreaterThanOrEqual(0);
    }));

  test("visit and arc marginals", () =>
    onModels(13, (reward, listed) => {
      const expected = arcProbabilities(listed);
      const states = visits(reward);
      arcMarginals(reward).forEach((level, depth) => {
        level.forEach((p, arc) => {
          close(p, expected[depth]?.[arc] as number, tolerance(listed));
        });
        const layer = reward.space.layer(depth);
        states[depth]?.forEach((visit, state) => {
          const row = level.subarray(layer.firstArc(state), layer.firstArc(state + 1));
          const flow = row.reduce((sum, p) => sum + p, 0);
          close(flow, visit, tolerance(listed));
        });
      });
    }));

  test("best responses, with and without probability", () =>
    onModels(14, (reward, listed) => {
      const positive = listed.scores
        .filter((score) => score > -Infinity)
        .sort()
        .reverse();
      const k = 5;
      const best = bestResponses(reward, k);
      const highest = highestRewards(reward, k);
      expect(best.length).toBe(Math.min(k, positive.length));
      expect(new Set(best.map(({ tokens }) => tokens.join())).size).toBe(best.length);
      best.forEach(({ tokens, logProbability }, rank) => {
        close(logProbability, (positive[rank] as number) - listed.logPartition, tolerance(listed));
        const index = listed.tokens.findIndex((response) => response.join() === tokens.join());
        close(logProbability, listed.logProbabilities[index] as number, tolerance(listed));
        close(highest[rank]?.score as number, positive[rank] as number, tolerance(listed));
      });
    }));

  test("best responses longer than the call stack is deep", () => {
    const machine = automaton({ tokens: ["a"], states: 1, start: 0, arcs: [[0, 0, 0]], accept: [0] });
    const reward = tableOfArcs(
      layered(machine, { horizon: 50_000, eos: true }),
      "reward",
      (_, __, action) => 1 - action,
    );
    const best = bestResponses(reward, 3);
    expect(best.map(({ tokens }) => tokens.length)).toEqual([49_999, 49_998, 49_997]);
  });

  test("all responses in order when k is larger than the support", () =>
    onModels(15, (reward, listed) => {
      const all = bestResponses(reward, 1_000);
      expect(BigInt(all.length)).toBe(countSupport(reward));
      close(
        all.reduce((sum, { logProbability }) => sum + Math.exp(logProbability), 0),
        1,
        tolerance(listed),
      );
      all.forEach(({ logProbability }, rank) => {
        if (rank > 0) expect(logProbability).toBeLessThanOrEqual(all[rank - 1]?.logProbability as number);
      });
    }));
});

describe("reference model and temperature", () => {
  const pairs = (law: (reference: Table, reward: Table, listed: Listed) => void) =>
    fc.assert(
      fc.property(rewardPairs, ([reference, reward]) => {
        const listed = enumerate(reference);
        if (!isEmpty(listed)) law(reference, reward, listed);
      }),
      { numRuns: 150, seed: 16 },
    );

  test("tilt weighs the reference by exp(R/β), and log Z is log E_ρ exp(R/β)", () =>
    pairs((reference, reward, listed) => {
      const temperature = 2;
      const rewarded = enumerate(reward);
      const scores = listed.logProbabilities.map((p, i) => p + (rewarded.scores[i] as number) / temperature);
      const finite = scores.filter((score) => score > -Infinity);
      if (finite.length === 0) return;
      const max = Math.max(...finite);
      const expected = max + Math.log(finite.reduce((sum, score) => sum + Math.exp(score - max), 0));
      const arm = toLogits(tilt(reference, reward, { temperature }));
      close(arm.logPartition, expected, tolerance(listed) + tolerance(rewarded));
    }));

  test("its temperature's limit is the hard maximum", () =>
    pairs((reference, _, listed) => {
      const start = hardValues(reference)[0]?.[reference.space.start] as number;
      close(start, Math.max(...listed.scores), tolerance(listed));
      // β·log Z(r/β) lies within β·log(number of responses) above the maximum
      const beta = 1e-3;
      const cold = tableOfArcs(reference.space, "reward", (depth, state, action) => {
        const arc = reference.space.layer(depth).arcOf(state, action);
        return ((reference.levels[depth] as Float64Array)[arc] as number) / beta;
      });
      const gap = beta * toLogits(cold).logPartition - start;
      expect(gap).toBeGreaterThanOrEqual(-tolerance(listed));
      expect(gap).toBeLessThanOrEqual(beta * Math.log(listed.tokens.length) + tolerance(listed));
    }));

  test("refuses a temperature that is not positive", () => {
    fc.assert(
      fc.property(rewards, fc.constantFrom(0, -1, Number.NaN, Infinity), (reward, temperature) => {
        expect(() => tilt(reward, reward, { temperature })).toThrow(/"temperature"/);
      }),
      { numRuns: 10, seed: 17 },
    );
  });
});

describe("comparison", () => {
  test("divergences agree with enumeration, and KL ≤ sharp expected ≤ sharp ≤ paper both ways", () =>
    fc.assert(
      fc.property(rewardPairs, ([p, q]) => {
        const [first, second] = [enumerate(p), enumerate(q)];
        if (isEmpty(first) || isEmpty(second)) return;
        const { kl: divergence, bounds, distance } = compare(p, q);
        const within = tolerance(first, 200) + tolerance(second, 200);
        close(divergence.forward, klOf(first, second), within);
        close(divergence.reverse, klOf(second, first), within);
        expect(divergence.forward).toBeGreaterThanOrEqual(0);
        // rounding of logits of size |R| enters the distances
        expect(divergence.forward).toBeLessThanOrEqual(bounds.sharpExpected.forward + within);
        expect(divergence.reverse).toBeLessThanOrEqual(bounds.sharpExpected.reverse + within);
        expect(bounds.sharpExpected.forward).toBeLessThanOrEqual(bounds.sharp * (1 + 1e-12));
        expect(bounds.sharpExpected.reverse).toBeLessThanOrEqual(bounds.sharp * (1 + 1e-12));
        expect(bounds.sharp).toBeLessThanOrEqual(bounds.paper);
        expect(distance.gaugeFree).toBeLessThanOrEqual(distance.raw);
      }),
      { numRuns: 300, seed: 18 },
    ));

  test("a model is at divergence exactly 0 from itself", () =>
    onModels(19, (reward) => {
      expect(kl(reward, reward)).toBe(0);
      expect(compare(reward, reward).bounds.paper).toBe(0);
    }));

  test("a gauge changes nothing but the raw distance", () =>
    onModels(20, (reward, listed) => {
      const arm = toLogits(reward);
      const shifted = tableOfArcs(reward.space, "logits", (depth, state, action) => {
        const q = (arm.logits.levels[depth] as Float64Array)[reward.space.layer(depth).arcOf(state, action)] as number;
        return q + 3 * depth + state;
      });
      const { kl: divergence, distance } = compare(arm, shifted);
      close(divergence.forward, 0, tolerance(listed) ** 2 + 1e-20);
      close(distance.gaugeFree, 0, tolerance(listed));
    }));
});

describe("far from 0", () => {
  // Policies are normalised row by row, so neither a long horizon nor a large offset adds up to an error that shows.
  test("rewards with a large offset over a long horizon give the entropy and length of rewards without", () => {
    const machine = automaton({
      tokens: ["a", "b"],
      states: 1,
      start: 0,
      arcs: [
        [0, 0, 0],
        [0, 1, 0],
      ],
      accept: [0],
    });
    const space = layered(machine, { horizon: 10_000, eos: false });
    const withOffset = (offset: number) => tableOfArcs(space, "reward", (_, __, action) => offset + action / 4);
    const [plain, far] = [withOffset(0), withOffset(4096)];
    const step = Math.log1p(Math.exp(0.25)) - 0.25 / (1 + Math.exp(-0.25));
    expect(Math.abs(entropy(plain) / (10_000 * step) - 1)).toBeLessThan(1e-11);
    expect(expectedLength(plain) / 10_000 - 1).toBeCloseTo(0, 11);
    expect(expectedLength(far) / 10_000 - 1).toBeCloseTo(0, 11);
    // q = r + V itself is only kept to 4e-9 at 4e7
    expect(Math.abs(entropy(far) / entropy(plain) - 1)).toBeLessThan(1e-8);
    expect(visits(far).at(-1)?.[0]).toBeCloseTo(1, 10);
  });

  test("a shift by a constant leaves the divergence exactly 0", () => {
    const space = tree({ tokens: 3, horizon: 3, eos: true });
    const logits = tableOfArcs(space, "logits", (depth, state, action) => (depth * 7 + state * 3 + action * 5) % 11);
    const shifted = tableOfArcs(
      space,
      "logits",
      (depth, state, action) => 4096 + ((depth * 7 + state * 3 + action * 5) % 11),
    );
    expect(kl(logits, shifted)).toBe(0);
  });

  test("numbers whose sum could overflow are refused, not turned into NaN", () => {
    const space = tree({ tokens: 2, horizon: 2, eos: false });
    expect(() => tableOfArcs(space, "reward", () => 1e308)).toThrow(/so large that a response's sum may overflow/);
    const reward = tableOfArcs(space, "reward", () => 40);
    expect(() => tilt(reward, reward, { temperature: 1e-307 })).toThrow(RangeError);
  });
});
