import { describe, expect, test } from "vitest";
import { generator, uniform } from "../../bellman/index.ts";
import { tree } from "../../space/index.ts";
import { tableModel } from "../models/index.ts";
import { adaptiveDraw } from "./adaptive-draw.ts";
import { adaptiveStep } from "./adaptive-step.ts";
import { explorerOf } from "./explorer.ts";
import type { Particle } from "./particle.ts";
import { grow, islandOf } from "./population.ts";
import { tokensOf } from "./prefix.ts";
import { systematicAncestors } from "./resample.ts";
import { freeStep, type Step, weightedStep } from "./step.ts";
import { exhaust } from "./testing/exhaust.ts";
import { exactly, noGuess, noisy, randomTable, tablePotential } from "./testing/table-wish.ts";

const space = tree({ tokens: ["a", "b"], horizon: 3, eos: true });
const model = randomTable(space, "logits", { seed: 3, scale: 1.5 });
const reward = randomTable(space, "reward", { seed: 8, scale: 2, forbidden: 0.3 });
const exact = exactly(model, reward);

/** `E[mean of the particles' weights · 1{response}]`, over all that can happen, for every response. */
const meanWeights = async (run: {
  step: Step;
  particles: number;
  resampleBelow: number;
  guess: typeof noGuess;
}): Promise<number[]> => {
  const wish = { potential: tablePotential(reward, run.guess), maximumTokens: 2 };
  const means = exact.responses.map(() => 0);
  const place = new Map(exact.responses.map(({ tokens }, i) => [tokens.join(), i]));
  const traces = await exhaust(async (choose) => {
    const explorer = explorerOf(tableModel(model), [], wish, undefined);
    const island = islandOf(explorer, choose, run.particles);
    for await (const _ of grow(explorer, [island], { ...run, signal: undefined }));
    return island.particles;
  });
  for (const { probability, value } of traces) {
    for (const { prefix, end, logWeight } of value as Particle[]) {
      if (end < 0) continue;
      const i = place.get(tokensOf(prefix).join()) as number;
      means[i] = (means[i] as number) + (probability * Math.exp(logWeight)) / run.particles;
    }
  }
  expect(traces.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 12);
  return means;
};

const expected = exact.responses.map(({ logWeight }) => Math.exp(logWeight));

describe("over all that can happen, the mean weight of every response is π·exp φ", () => {
  const far = noisy(noGuess, 3, 5);
  test.each([
    ["importance sampling, no lookahead", weightedStep, 1, 0, noGuess],
    ["importance sampling, a wild guess", weightedStep, 1, 0, far],
    ["two particles, resampled at every step", weightedStep, 2, 1, noGuess],
    ["two particles, resampled when uneven, a wild guess", weightedStep, 2, 0.8, far],
    ["three particles, exact lookahead", weightedStep, 3, 1, exact.guess],
    ["adaptive rejection, one check", adaptiveStep(1), 1, 0, noGuess],
    ["adaptive rejection, two checks, a wild guess", adaptiveStep(2), 1, 0, far],
    ["adaptive rejection, two particles, resampled", adaptiveStep(1), 2, 1, far],
    ["the model alone", freeStep, 1, 0, far],
  ] as const)("%s", async (_, step, particles, resampleBelow, guess) => {
    const means = await meanWeights({ step, particles, resampleBelow, guess });
    for (const [i, mean] of means.entries()) expect(mean).toBeCloseTo(expected[i] as number, 12);
  });
});

describe("adaptive rejection of one token", () => {
  const random = generator(4);
  test.each([1, 2, 3, 7])("%i checks: law of the token, and unbiased weight given the token", async (checks) => {
    const weights = Float64Array.from({ length: 5 }, () => uniform(random));
    weights[3] = 0;
    const entries = [-Infinity, 0.5, 0, 0, -Infinity];
    const mass = (weights[1] as number) + (weights[2] as number);
    const traces = await exhaust((choose) => {
      const draw = adaptiveDraw(weights.slice(), choose, checks);
      const asked: number[] = [];
      let next = draw.next();
      while (!next.done) {
        asked.push(next.value);
        next = draw.next(entries[next.value] as number);
      }
      expect(new Set(asked).size).toBe(asked.length);
      return next.value;
    });
    for (const token of [1, 2]) {
      const ofToken = traces.filter(({ value }) => value.token === token);
      const probability = ofToken.reduce((sum, trace) => sum + trace.probability, 0);
      const weight = ofToken.reduce((sum, trace) => sum + trace.probability * Math.exp(trace.value.logWeight), 0);
      expect(probability).toBeCloseTo((weights[token] as number) / mass, 12);
      expect(weight).toBeCloseTo((weights[token] as number) * Math.exp(entries[token] as number), 12);
    }
    expect(traces.every(({ value }) => value.logWeight > -Infinity)).toBe(true);
  });

  test("nothing allowed is a dead end", async () => {
    const [trace] = await exhaust((choose) => {
      const draw = adaptiveDraw(Float64Array.of(0.3, 0.7), choose, 1);
      draw.next();
      draw.next(-Infinity);
      return draw.next(-Infinity);
    });
    expect(trace?.value).toMatchObject({ done: true, value: { token: -1 } });
  });
});

describe("systematic resampling", () => {
  test.each([
    [[0.2, 0, 0.5, 0.3], 4],
    [[1, 1, 1], 3],
    [[0, 0, 2], 3],
    [[0.1, 0.9], 5],
    [[3, 1, 2, 0], 2],
  ])("%j: offspring in proportion, never off by one", async (list, count) => {
    const weights = Float64Array.from(list);
    const total = list.reduce((a, b) => a + b, 0);
    const traces = await exhaust((choose) => systematicAncestors(weights, choose, count));
    const offspring = list.map(() => 0);
    for (const { probability, value } of traces) {
      expect(value.length).toBe(count);
      for (const [i, weight] of list.entries()) {
        const children = value.filter((ancestor) => ancestor === i).length;
        if (probability > 1e-12) expect(Math.abs(children - (count * weight) / total)).toBeLessThan(1);
        offspring[i] = (offspring[i] as number) + probability * children;
      }
    }
    for (const [i, weight] of list.entries()) expect(offspring[i]).toBeCloseTo((count * weight) / total, 12);
  });
});
