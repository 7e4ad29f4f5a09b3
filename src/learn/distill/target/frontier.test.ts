import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EmptyModelError, expectation, kl } from "../../../bellman/index.ts";
import { enumerate, isEmpty, unitOf } from "../../../bellman/testing/enumeration.ts";
import { randomTable, rewards } from "../../../bellman/testing/problems.ts";
import { regex, table, tree } from "../../../space/index.ts";
import { patternOccurs, responseLength, scaled, sumOf, tableFeature } from "./feature.ts";
import { featureOfResponse } from "./feature-of-response.ts";
import { frontier } from "./frontier.ts";
import { randomMachine } from "./testing/machines.ts";
import { tiltedTarget } from "./tilted-target.ts";

const TEMPERATURES = [1e6, 10, 1, 0.3, 0.01, 1e-4];

describe("against enumeration", () => {
  test("reward and divergence are those of ρ·exp(R/β), at every temperature", () => {
    fc.assert(
      fc.property(rewards, fc.nat({ max: 2 ** 30 }), (reference, seed) => {
        const listed = enumerate(reference);
        if (isEmpty(listed)) return;
        const terms = randomTable(reference.space, "reward", { seed, scale: 1, offset: 0, forbidden: 0 });
        const reward = sumOf([
          scaled(patternOccurs(randomMachine(reference.space.tokens, seed)), 2),
          tableFeature(terms),
        ]);
        const points = frontier(reference, reward, TEMPERATURES);
        const values = listed.tokens.map((y) => featureOfResponse(reward, y));
        for (const { temperature, reward: mean, kl: divergence, logPartition } of points) {
          const tilts = listed.logProbabilities.map((logP, i) =>
            logP === -Infinity ? logP : logP + (values[i] as number) / temperature,
          );
          const highest = Math.max(...tilts);
          const expected = highest + Math.log(tilts.reduce((sum, x) => sum + Math.exp(x - highest), 0));
          const under = tilts.map((x) => Math.exp(x - expected));
          const size = Math.max(1, ...values.map(Math.abs)) / temperature;
          // log p + R/β is rounded to 1.1e-16 of its size, which probabilities carry as a relative error
          const tolerance = 1e-12 * Math.max(unitOf(listed), size);
          expect(Math.abs(logPartition - expected)).toBeLessThanOrEqual(tolerance);
          const direct = under.reduce((sum, p, i) => (p === 0 ? sum : sum + p * (values[i] as number)), 0);
          expect(Math.abs(mean - direct)).toBeLessThanOrEqual(tolerance * size * temperature);
          const divergences = under.reduce(
            (sum, p, i) =>
              p === 0 ? sum : sum + p * ((tilts[i] as number) - expected - (listed.logProbabilities[i] as number)),
            0,
          );
          expect(divergence).toBeGreaterThanOrEqual(0);
          expect(Math.abs(divergence - divergences)).toBeLessThanOrEqual(tolerance * (1 + size));
        }
      }),
      { numRuns: 150, seed: 71 },
    );
  });

  test("it is what the target of each temperature says, and both fall as the temperature rises", () => {
    const space = tree({ tokens: ["a", "b", "c"], horizon: 5, eos: true });
    const reference = randomTable(space, "logits", { seed: 4, scale: 1, offset: 0, forbidden: 0.1 });
    const reward = sumOf([patternOccurs(regex(".*ab.*", space.tokens)), scaled(responseLength(), -0.1)]);
    const points = frontier(reference, reward, [0.05, 0.2, 1, 5]);
    for (const [i, point] of points.entries()) {
      const target = tiltedTarget({ reference, reward, temperature: point.temperature });
      expect(point.kl).toBeCloseTo(kl(target.arm, target.reference), 12);
      expect(point.reward).toBeCloseTo(expectation(target.arm, target.reward.levels).mean, 12);
      expect(point.logPartition).toBeCloseTo(target.arm.logPartition, 12);
      const before = points[i - 1];
      if (before) expect([point.reward < before.reward, point.kl < before.kl]).toEqual([true, true]);
    }
  });
});

test("rows whose weights underflow are summed by their logarithms", () => {
  const space = tree({ tokens: ["a", "b"], horizon: 3, eos: false });
  // after "a" everything is 2,000 nats below "b", which is all that the scale of the next depth shows
  const reward = table(space, "reward", (prefix, action) => (prefix.length === 2 && prefix[0] === 1 ? 20 : action));
  const reference = table(space, "logits", (prefix, action) => (prefix.length === 0 && action === 1 ? -3000 : 0));
  const [point] = frontier(reference, reward, [0.01]);
  // "b" first: −3000 + 2000 and up to 100; "a" first: at most 200
  expect(point?.reward).toBeCloseTo(2, 12);
  expect(point?.kl).toBeCloseTo(Math.log(4), 10);
});

test("a reward table is a feature", () => {
  const space = tree({ tokens: 2, horizon: 2, eos: false });
  const reward = table(space, "reward", (_, action) => action);
  const uniform = table(space, "reward", () => 0);
  expect(frontier(uniform, reward, [1, 2])).toEqual(frontier(uniform, tableFeature(reward), [1, 2]));
  expect(frontier(uniform, reward, [])).toEqual([]);
});

test("bad input, in a sentence each", () => {
  const space = tree({ tokens: ["a", "b"], horizon: 3, eos: true });
  const reference = table(space, "logits", () => 0);
  const length = responseLength();
  for (const wrong of [0, -1, Number.NaN, Infinity]) {
    expect(() => frontier(reference, length, [1, wrong])).toThrow(
      `"temperatures[1]" must be a finite number > 0, got ${wrong}`,
    );
  }
  expect(() => frontier(reference, length, [1e-308])).toThrow("so small that R/β overflows: raise it");
  expect(() => frontier(reference, scaled(scaled(length, 1e300), 1e300), [1])).toThrow("overflow: scale them down");
  expect(() => frontier(reference, patternOccurs(regex("a*", ["a", "c"])), [1])).toThrow("must have the same tokens");
  const other = table(tree({ tokens: ["a", "b"], horizon: 2, eos: true }), "reward", () => 0);
  expect(() => frontier(reference, other, [1])).toThrow("different spaces: the horizons are 3 and 2");
  expect(() => frontier(reference, reference, [1])).toThrow("must be a reward table");
  expect(() =>
    frontier(
      reference,
      table(space, "reward", () => -Infinity),
      [1],
    ),
  ).toThrow(EmptyModelError);
});
