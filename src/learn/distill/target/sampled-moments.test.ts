import { describe, expect, test } from "vitest";
import { expectation, logProbability, type Model, sample } from "../../../bellman/index.ts";
import { randomTable } from "../../../bellman/testing/problems.ts";
import { regex, table, tree } from "../../../space/index.ts";
import { patternOccurs, responseLength, tableFeature } from "./feature.ts";
import { featureOfResponse } from "./feature-of-response.ts";
import type { WeightedResponses } from "./observed-samples.ts";
import { fitSampledMoments, type SampledMoment } from "./sampled-moments.ts";
import { tiltedTarget } from "./tilted-target.ts";

const space = tree({ tokens: ["a", "b", "c"], horizon: 5, eos: true });
const reference = randomTable(space, "logits", { seed: 9, scale: 0.5, offset: 0, forbidden: 0 });
const proposal = randomTable(space, "logits", { seed: 10, scale: 0.7, offset: 0, forbidden: 0 });
const occurs = patternOccurs(regex(".*ab.*", space.tokens), "ab");
const wanted = [
  { feature: occurs, mean: 0.4 },
  { feature: responseLength("length"), mean: 2.5 },
];
const exact = tiltedTarget({ reference, moments: wanted });

const draw = (from: Model, count: number, seed: number, to?: Model): WeightedResponses => {
  const draws = sample(from, count, { seed });
  const responses = Array.from({ length: count }, (_, i) => [...draws.response(i)]);
  if (!to) return { responses };
  const logWeights = draws.logProbabilities.map((logP, i) => logProbability(to, responses[i] as number[]) - logP);
  return { responses, logWeights };
};

/** The true means of the distribution that some multipliers give. */
const trueMeans = (multipliers: readonly number[]): number[] => {
  const tilted = tiltedTarget({
    reference,
    reward: tableFeature(
      table(space, "reward", (prefix, action) => {
        if (action < 3 && prefix.length < 4) return multipliers[1] as number;
        return (multipliers[0] as number) * featureOfResponse(occurs, prefix);
      }),
    ),
  });
  const length = table(space, "reward", (_, action) => (action < 3 ? 1 : 0)).levels;
  const pattern = table(space, "reward", (prefix, action) =>
    action < 3 ? 0 : featureOfResponse(occurs, prefix),
  ).levels;
  return [pattern, length].map((levels) => expectation(tilted.arm, levels).mean);
};

test("achieved means and multipliers are within their standard errors of the truth", async () => {
  // the mean square of 60 independent z scores is 1 ± √(2/60), and there are two, correlated, for each seed
  const squares: { achieved: number; truth: number; multiplier: number }[] = [];
  for (let seed = 0; seed < 60; seed++) {
    const check = draw(exact.arm, 1000, 1000 + seed, reference);
    const tilted = {
      responses: check.responses,
      // the check is proposed by the exact target, so its weights lead back to the reference
      logWeights: check.logWeights as Float64Array,
    };
    const { moments } = await fitSampledMoments(draw(proposal, 1000, seed, reference), wanted, { check: tilted });
    const alone = await fitSampledMoments(draw(proposal, 1000, seed, reference), wanted);
    const truth = trueMeans(moments.map(({ multiplier }) => multiplier));
    for (const [k, moment] of moments.entries()) {
      const own = alone.moments[k];
      expect(Math.abs((own?.achieved as number) - moment.wanted)).toBeLessThanOrEqual(1e-8);
      const { multiplier } = exact.moments[k] as { multiplier: number };
      squares.push({
        achieved: ((moment.achieved - moment.wanted) / moment.standardError) ** 2,
        truth: (((truth[k] as number) - moment.wanted) / (own?.standardError as number)) ** 2,
        multiplier: ((moment.multiplier - multiplier) / moment.multiplierStandardError) ** 2,
      });
    }
  }
  for (const key of ["achieved", "truth", "multiplier"] as const) {
    const mean = squares.reduce((sum, row) => sum + row[key], 0) / squares.length;
    expect(Math.abs(mean - 1)).toBeLessThan(4 * Math.sqrt(2 / 60));
  }
});

test("a function of whole responses is a feature too, and what it adds to the reward can be asked for", async () => {
  const palindrome: SampledMoment["feature"] = {
    name: "palindrome",
    values: async (ys) => await Promise.resolve(ys.map((y) => (y.join() === y.toReversed().join() ? 1 : 0))),
  };
  const { moments, score, effectiveSampleSize, warnings } = await fitSampledMoments(
    draw(reference, 4000, 5),
    [{ feature: palindrome, mean: 0.75, name: "reads both ways" }, wanted[1] as SampledMoment],
    { check: draw(reference, 4000, 6), batch: 1000 },
  );
  for (const { achieved, standardError, wanted: mean } of moments) {
    expect(Math.abs(achieved - mean)).toBeLessThan(2 * standardError);
  }
  expect(moments[0]?.name).toBe("reads both ways");
  expect(warnings).toEqual([]);
  expect(effectiveSampleSize).toBeGreaterThan(400);
  const [pull, length] = moments.map(({ multiplier }) => multiplier) as [number, number];
  const added = await score([[0], [0, 1]]);
  expect(added[0]).toBeCloseTo(pull + length, 12);
  expect(added[1]).toBeCloseTo(2 * length, 12);
});

test("few effective samples are told", async () => {
  const rare = tiltedTarget({ reference, moments: [{ feature: occurs, mean: 0.001 }] });
  const { warnings } = await fitSampledMoments(draw(rare.arm, 4000, 3), [{ feature: occurs, mean: 0.9 }]);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/^the effective sample size of "samples" is 0\.\d % of the samples, below 10 %/);
});

describe("bad input, in a sentence each", () => {
  const samples = draw(reference, 50, 1);
  const refuses = (
    given: WeightedResponses,
    moments: readonly SampledMoment[],
    message: string | RegExp,
    options = {},
  ) => expect(fitSampledMoments(given, moments, options)).rejects.toThrow(message);

  test("moments out of the samples' reach, alone or together", async () => {
    const none = patternOccurs(regex("ccccc", space.tokens), "all c");
    await refuses(
      samples,
      [{ feature: none, mean: 0.5 }],
      'the moment "all c" cannot be 0.5: in the 50 samples its feature lies between 0 and 0',
    );
    const twice: SampledMoment["feature"] = {
      name: "again",
      values: (ys) => ys.map((y) => featureOfResponse(occurs, y)),
    };
    await refuses(
      samples,
      [wanted[0] as SampledMoment, { feature: twice, mean: 0.5 }],
      'the moments "ab" (0.4) and "again" (0.5) cannot be met together: in the 50 samples no distribution has them all',
    );
  });

  test("too few samples, and weights that are none", async () => {
    await refuses({ responses: [[0]] }, [], '"samples" must hold at least 2 responses, got 1');
    const responses = [[0], [1]];
    const weights = (...logWeights: number[]) => ({ responses, logWeights: Float64Array.from(logWeights) });
    await refuses(weights(0), [], '"samples.logWeights" must hold one number for each of 2 responses, got 1');
    await refuses(weights(0, Number.NaN), [], '"samples.logWeights[1]" must be a finite number or −∞, got NaN');
    await refuses(weights(-Infinity, -Infinity), [], '"samples.logWeights" are all −∞');
    await refuses(samples, [], '"check" must hold at least 2 responses, got 0', { check: { responses: [] } });
  });

  test("functions that forbid or fail", async () => {
    const of = (values: (ys: readonly (readonly number[])[]) => number[]) => [
      { feature: { name: "f", values }, mean: 0.5 },
    ];
    await refuses(
      samples,
      of((ys) => ys.map(() => -Infinity)),
      'moment "f" is -Infinity on response 0: use finite numbers',
    );
    await refuses(
      samples,
      of(() => []),
      'the function "f" must give one number for each of 50 responses, got 0',
    );
  });
});
