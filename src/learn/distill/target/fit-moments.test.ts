import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectation, generator, kl, logProbability, uniform } from "../../../bellman/index.ts";
import { enumerate, isEmpty, type Listed, unitOf } from "../../../bellman/testing/enumeration.ts";
import { rewards } from "../../../bellman/testing/problems.ts";
import { complement, regex, table, tree } from "../../../space/index.ts";
import { type Feature, patternCount, patternOccurs, responseLength, scaled, sumOf, tableFeature } from "./feature.ts";
import { featureOfResponse } from "./feature-of-response.ts";
import type { Moment } from "./moment.ts";
import { randomMachine } from "./testing/machines.ts";
import { tiltedTarget } from "./tilted-target.ts";

/** Features of every kind that moments may have, on any tokens. */
const featuresOn = (tokens: readonly string[], seed: number): Feature[] => [
  patternOccurs(randomMachine(tokens, seed), "occurs"),
  patternCount(randomMachine(tokens, seed + 1), "count"),
  responseLength("length"),
];

const dot = (x: ArrayLike<number>, y: ArrayLike<number>): number =>
  Array.from(x).reduce((sum, value, i) => sum + value * (y[i] as number), 0);

/** The features of each response of positive probability. */
const onSupport = (listed: Listed, features: readonly Feature[]) =>
  listed.tokens.flatMap((y, i) =>
    listed.logProbabilities[i] === -Infinity
      ? []
      : [{ y, logP: listed.logProbabilities[i] as number, values: features.map((f) => featureOfResponse(f, y)) }],
  );

/** Means under some distribution that gives every response of the support positive probability. */
const someMeans = (support: ReturnType<typeof onSupport>, seed: number): number[] => {
  const random = generator(seed);
  const weights = support.map(() => 1 + 9 * uniform(random));
  const total = weights.reduce((a, b) => a + b, 0);
  return (support[0] as { values: number[] }).values.map(
    (_, k) => support.reduce((sum, { values }, i) => sum + (weights[i] as number) * (values[k] as number), 0) / total,
  );
};

const momentsOf = (features: readonly Feature[], means: readonly number[]): Moment[] =>
  features.map((feature, k) => ({ feature, mean: means[k] as number }));

const problems = fc.tuple(rewards, fc.nat({ max: 2 ** 30 }));

test("moments that some distribution on the support has are met to 1e-8, by an exponential family", () => {
  let fitted = 0;
  fc.assert(
    fc.property(problems, ([reference, seed]) => {
      const listed = enumerate(reference);
      if (isEmpty(listed)) return;
      const features = featuresOn(reference.space.tokens, seed);
      const support = onSupport(listed, features);
      const means = someMeans(support, seed);
      const { arm, moments } = tiltedTarget({ reference, moments: momentsOf(features, means) });
      const multipliers = moments.map(({ multiplier }) => multiplier);
      const tilts = support.map(({ logP, values }) => logP + dot(multipliers, values));
      // the tilt is rounded to 1.1e-16 of the sizes of the log-probability and of the multipliers' pull
      const unit = Math.max(unitOf(listed), ...tilts.map(Math.abs), 10 * dot(multipliers.map(Math.abs), [1, 4, 4]));
      const logProbabilities = support.map(({ y }) => logProbability(arm, y));
      const offsets = logProbabilities.map((logP, i) => logP - (tilts[i] as number));
      expect(Math.max(...offsets) - Math.min(...offsets)).toBeLessThanOrEqual(1e-12 * unit);
      for (const [k, { achieved, wanted, range }] of moments.entries()) {
        fitted++;
        expect(Math.abs(achieved - wanted)).toBeLessThanOrEqual(1e-8);
        const values = support.map((response) => response.values[k] as number);
        const direct = dot(logProbabilities.map(Math.exp), values);
        expect(Math.abs(achieved - direct)).toBeLessThanOrEqual(1e-11 * unit);
        expect(range).toEqual([Math.min(...values), Math.max(...values)]);
      }
    }),
    { numRuns: 200, seed: 61 },
  );
  expect(fitted).toBeGreaterThan(300);
});

/** Means beyond a supporting plane of what the support has, in a random direction. */
const beyond = (support: ReturnType<typeof onSupport>, seed: number, stream: number): number[] => {
  const random = generator(seed, stream);
  const means = someMeans(support, seed);
  const direction = means.map(() => 2 * uniform(random) - 1);
  const reach = Math.max(...support.map(({ values }) => dot(direction, values)));
  const excess = (reach + 0.01 - dot(direction, means)) / dot(direction, direction);
  return means.map((mean, k) => mean + excess * (direction[k] as number));
};

test("moments that no distribution on the support has are refused by name", () => {
  let [alone, together] = [0, 0];
  fc.assert(
    fc.property(problems, ([reference, seed]) => {
      const listed = enumerate(reference);
      if (isEmpty(listed)) return;
      const features = featuresOn(reference.space.tokens, seed);
      const support = onSupport(listed, features);
      const inRange = (means: readonly number[]) =>
        means.every((mean, k) => {
          const values = support.map((response) => response.values[k] as number);
          return mean > Math.min(...values) && mean < Math.max(...values);
        });
      const tries = Array.from({ length: 20 }, (_, i) => beyond(support, seed, i));
      const means = tries.find(inRange) ?? (tries[0] as number[]);
      const make = () => tiltedTarget({ reference, moments: momentsOf(features, means) });
      if (inRange(means)) {
        together++;
        expect(make).toThrow(/^the moments "(occurs|count|length)" .* cannot be met together: on the support/);
      } else {
        alone++;
        expect(make).toThrow(/^the moment "(occurs|count|length)" can(not)? be /);
      }
    }),
    { numRuns: 1000, seed: 62 },
  );
  expect(alone).toBeGreaterThan(20);
  expect(together).toBeGreaterThan(20);
});

describe("on a small tree", () => {
  const space = tree({ tokens: ["a", "b"], horizon: 5, eos: true });
  const reference = table(space, "logits", (_, action) => (action === 2 ? -1 : 0));
  const doubled = regex(".*aa.*", space.tokens);
  const [occurs, misses] = [patternOccurs(doubled, "aa"), patternOccurs(complement(doubled), "no aa")];
  const meet = (...moments: Moment[]) => tiltedTarget({ reference, moments });

  test("a mean that the reference has already asks for nothing", () => {
    const { mean } = expectation(reference, table(space, "reward", (_, action) => (action === 2 ? 0 : 1)).levels);
    const { arm, moments } = meet({ feature: responseLength(), mean });
    expect(Math.abs(moments[0]?.multiplier as number)).toBeLessThan(1e-10);
    expect(kl(arm, reference)).toBeLessThan(1e-14);
  });

  test("a moment of a sum is the sum of moments, and of a table that of the feature it holds", () => {
    const lengths = table(space, "reward", (_, action) => (action === 2 ? 0 : 1));
    const both = meet({ feature: sumOf([scaled(tableFeature(lengths), 2), occurs]), mean: 7, name: "both" });
    const direct = tiltedTarget({
      reference,
      reward: sumOf([scaled(responseLength(), 2), occurs]),
      temperature: 1 / (both.moments[0]?.multiplier as number),
    });
    expect(both.moments[0]?.name).toBe("both");
    expect(kl(both.arm, direct.arm)).toBeLessThan(1e-14);
  });

  test("features that determine one another are fitted where they agree", () => {
    const { moments } = meet({ feature: occurs, mean: 0.4 }, { feature: misses, mean: 0.6 });
    const [alone] = meet({ feature: occurs, mean: 0.4 }).moments;
    for (const { achieved, wanted } of moments) expect(Math.abs(achieved - wanted)).toBeLessThanOrEqual(1e-8);
    const net = (moments[0]?.multiplier as number) - (moments[1]?.multiplier as number);
    expect(net).toBeCloseTo(alone?.multiplier as number, 8);
  });

  test("and refused, by both names, where they do not; bystanders are left out", () => {
    const bystander = { feature: responseLength(), mean: 2 };
    expect(() => meet({ feature: occurs, mean: 0.4 }, bystander, { feature: misses, mean: 0.7 })).toThrow(
      /^the moments "aa" \(0.4\) and "no aa" \(0.7\) cannot be met together: on the support no distribution has them all$/,
    );
  });

  test("means on the border of what is possible together are met by large multipliers", () => {
    const ends = patternOccurs(regex(".*aa", space.tokens), "ends in aa");
    const { moments } = meet({ feature: occurs, mean: 0.5 }, { feature: ends, mean: 0.5 });
    for (const { achieved, wanted } of moments) expect(Math.abs(achieved - wanted)).toBeLessThanOrEqual(1e-8);
    expect(Math.max(...moments.map(({ multiplier }) => Math.abs(multiplier)))).toBeLessThan(100);
  });

  test("a pattern of probability 1e-200 is given to half of the responses", () => {
    const rare = table(space, "logits", (_, action) => (action === 0 ? -230.26 : 0));
    const { moments } = tiltedTarget({ reference: rare, moments: [{ feature: occurs, mean: 0.5 }] });
    expect(Math.abs((moments[0]?.achieved as number) - 0.5)).toBeLessThanOrEqual(1e-8);
    expect(moments[0]?.multiplier).toBeGreaterThan(400);
  });

  test("bad means, in a sentence each", () => {
    expect(() => meet({ feature: occurs, mean: 1.2 })).toThrow(
      'the moment "aa" cannot be 1.2: on the support its feature lies between 0 and 1',
    );
    expect(() => meet({ feature: occurs, mean: 1 })).toThrow(
      'the moment "aa" can be 1, an end of its range from 0 to 1, only in the limit: forbid the other responses',
    );
    expect(() => meet({ feature: occurs, mean: Number.NaN })).toThrow(
      'of moment "aa" must be a finite number, got NaN',
    );
    const constraints = [regex("(a|b){2}", space.tokens)];
    const constant = (mean: number) =>
      tiltedTarget({ reference, constraints, moments: [{ feature: responseLength("length"), mean }] });
    expect(constant(2).moments).toEqual([{ name: "length", wanted: 2, achieved: 2, multiplier: 0, range: [2, 2] }]);
    expect(() => constant(2.5)).toThrow(
      'the moment "length" cannot be 2.5: on the support its feature lies between 2 and 2',
    );
    const forbidding = tableFeature(
      table(space, "reward", (_, action) => (action === 0 ? -Infinity : 0)),
      "t",
    );
    expect(() => meet({ feature: forbidding, mean: 0 })).toThrow('of moment "t" is -Infinity on an action of positive');
  });
});
