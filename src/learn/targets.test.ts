import { describe, expect, test } from "vitest";
import { bestResponses, generator, logProbability } from "../bellman/index.ts";
import { type Automaton, automaton, layered, responses, type Tree, tree } from "../space/index.ts";
import { logGamma, normal, shuffled } from "./draws.ts";
import { dirichletTarget, noisyTarget, zipfTarget } from "./targets.ts";

const space = tree({ tokens: 3, horizon: 3, eos: true });
const count = [...responses(space)].length;

test("Zipf's ranks follow its law", () => {
  const best = bestResponses(zipfTarget(space, { exponent: 1.5, seed: 4 }), count);
  const first = best[0]?.logProbability as number;
  best.forEach(({ logProbability }, index) => {
    expect(logProbability - first).toBeCloseTo(-1.5 * Math.log(index + 1), 12);
  });
});

test("targets put their reward on the action that ends the response", () => {
  const { levels } = noisyTarget(space, { seed: 4 });
  for (const level of levels.slice(0, -1)) {
    expect(level.every((reward, arc) => arc % space.actions === 3 || reward === 0)).toBe(true);
  }
});

test("a seed gives the same target, another seed another one", () => {
  for (const target of [zipfTarget, dirichletTarget, noisyTarget]) {
    expect(target(space, { seed: 1 }).levels).toEqual(target(space, { seed: 1 }).levels);
    expect(target(space, { seed: 1 }).levels).not.toEqual(target(space, { seed: 2 }).levels);
  }
});

test("a Dirichlet target's probabilities have the law's mean and variance", () => {
  const fixed = tree({ tokens: 4, horizon: 1, eos: false });
  const trials = 4000;
  let [sum, squares] = [0, 0];
  for (let seed = 0; seed < trials; seed++) {
    const p = Math.exp(logProbability(dirichletTarget(fixed, { concentration: 0.5, seed }), [0]));
    sum += p;
    squares += p * p;
  }
  // Beta(½, 3/2): mean 1/4, variance (1/4)(3/4)/(2 + 1) = 1/16; four standard errors
  const mean = sum / trials;
  expect(Math.abs(mean - 1 / 4)).toBeLessThan(4 * Math.sqrt(1 / 16 / trials));
  expect(Math.abs(squares / trials - mean ** 2 - 1 / 16)).toBeLessThan(4 * Math.sqrt(0.0059 / trials));
});

test("bad knobs and automata are refused", () => {
  expect(() => zipfTarget(space, { exponent: Number.NaN, seed: 1 })).toThrow(/"exponent" must be finite/);
  expect(() => dirichletTarget(space, { concentration: 0, seed: 1 })).toThrow(/"concentration" must be/);
  expect(() => noisyTarget(space, { noise: -1, seed: 1 })).toThrow(/"noise" must be/);
  const machine: Automaton = automaton({ tokens: 2, states: 1, start: 0, arcs: [[0, 0, 0]], accept: [0] });
  const merged = layered(machine, { horizon: 2, eos: true }) as unknown as Tree;
  expect(() => zipfTarget(merged, { seed: 1 })).toThrow(/needs a tree/);
});

describe("draws", () => {
  const draws = 20_000;
  const moments = (draw: () => number) => {
    const values = Array.from({ length: draws }, draw);
    const mean = values.reduce((a, b) => a + b, 0) / draws;
    return { mean, variance: values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws };
  };

  test("normal numbers have mean 0 and variance 1", () => {
    const random = generator(5);
    const { mean, variance } = moments(() => normal(random));
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(draws));
    expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / draws));
  });

  test.each([0.3, 1, 4.5])("gamma numbers of shape %d have that mean and variance", (shape) => {
    const random = generator(6);
    const { mean, variance } = moments(() => Math.exp(logGamma(random, shape)));
    expect(Math.abs(mean - shape)).toBeLessThan(4 * Math.sqrt(shape / draws));
    // variance of the squared deviation: 2α² + 6α
    expect(Math.abs(variance - shape)).toBeLessThan(4 * Math.sqrt((2 * shape ** 2 + 6 * shape) / draws));
  });

  test("a shuffle holds every number once", () => {
    expect([...shuffled(generator(7), 100)].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });
});
