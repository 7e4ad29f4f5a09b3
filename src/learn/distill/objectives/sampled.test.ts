import { describe, expect, test } from "vitest";
import { policy } from "../../../bellman/index.ts";
import { layered, lengthRange, type Table, tableOfArcs, tree } from "../../../space/index.ts";
import { noisyTarget, zipfTarget } from "../../targets.ts";
import { bellmanRegression } from "./bellman-regression.ts";
import { forwardKl } from "./forward-kl.ts";
import { type MeasuredGradient, measureGradient } from "./measure-gradient.ts";
import type { Objective } from "./objective.ts";
import { pathConsistency } from "./path-consistency.ts";
import { batchOf, drawBatch } from "./response-batch.ts";
import { reverseKl } from "./reverse-kl.ts";
import { OBJECTIVES, optimum, randomStudent } from "./testing/objectives.ts";

const space = tree({ tokens: 3, horizon: 3, eos: true });
const target = noisyTarget(space, { seed: 2 });
const other = zipfTarget(space, { exponent: 0.5, seed: 3 });

/** Largest distance of a mean from its exact value, in standard errors; infinite where a constant is wrong. */
const worst = ({ exact, mean, standardError }: MeasuredGradient): number =>
  exact.reduce((max, g, i) => {
    const error = Math.abs((mean[i] as number) - g);
    // a number that does not scatter is exact but for rounding
    return error < 1e-12 ? max : Math.max(max, error / (standardError[i] as number));
  }, 0);

describe("sampled gradients are unbiased", () => {
  const cases: [string, Objective, "student" | Table][] = [
    ["forward KL, responses of the target", forwardKl(target), target],
    ["forward KL, exact weights, responses of the student", forwardKl(target, { weights: "exact" }), "student"],
    ["forward KL, exact weights, responses of another model", forwardKl(target, { weights: "exact" }), other],
    ["forward KL, with the baseline, on-policy", forwardKl(target, { weights: "exact", baseline: true }), "student"],
    ["forward KL, with the baseline, off-policy", forwardKl(target, { weights: "exact", baseline: true }), other],
    ["reverse KL, on-policy", reverseKl(target), "student"],
    ["reverse KL, off-policy", reverseKl(target), other],
    [
      "soft Bellman regression, actions taken",
      bellmanRegression(target, { behaviour: other, actions: "taken" }),
      other,
    ],
    ["soft Bellman regression, on-policy", bellmanRegression(target, { behaviour: "student" }), "student"],
    ["soft Bellman regression, off-policy", bellmanRegression(target, { behaviour: other }), other],
    [
      "soft Bellman regression, followed",
      bellmanRegression(target, { behaviour: other, bootstrap: "followed" }),
      other,
    ],
    ["path consistency, on-policy", pathConsistency(target, { behaviour: "student" }), "student"],
    ["path consistency, off-policy", pathConsistency(target, { behaviour: other }), other],
  ];
  test.each(cases)("%s", (_, objective, from) => {
    const student = randomStudent(objective, 5);
    const measured = measureGradient(objective, student, { from, count: 4, draws: 4000, seed: 6 });
    expect(worst(measured)).toBeLessThan(4);
  });
});

test("self-normalised forward KL is biased, and the bias falls with the size of the batch as 1/n", () => {
  const objective = forwardKl(target);
  const student = randomStudent(objective, 5);
  const exact = objective.gradient(student);
  const size = exact.reduce((sum, g) => sum + g * g, 0);
  /** Mean error along the exact gradient, relative to it, with its standard error. */
  const biasOf = (count: number) => {
    const draws = 12_000;
    const errors = Array.from({ length: draws }, (_, step) => {
      const gradient = objective.gradient(student, drawBatch(other, count, { seed: 6, step }));
      return gradient.reduce((sum, g, i) => sum + g * (exact[i] as number), 0) / size - 1;
    });
    const bias = errors.reduce((sum, x) => sum + x, 0) / draws;
    const variance = errors.reduce((sum, x) => sum + (x - bias) ** 2, 0) / (draws - 1);
    return { bias, error: Math.sqrt(variance / draws) };
  };
  const [small, large] = [biasOf(4), biasOf(16)];
  expect(Math.abs(small.bias)).toBeGreaterThan(4 * small.error);
  // a quarter, up to the terms in 1/n² of the smaller batch, which are below a third of it
  expect(Math.abs(large.bias - small.bias / 4)).toBeLessThan(4 * large.error + Math.abs(small.bias) / 12);
});

describe("at the optimum", () => {
  const still: [string, Objective, "student" | Table][] = [
    ["forward KL with the baseline", forwardKl(target, { weights: "exact", baseline: true }), "student"],
    ["reverse KL, on-policy", reverseKl(target), "student"],
    ["reverse KL, off-policy", reverseKl(target), other],
    ["soft Bellman regression", bellmanRegression(target), other],
    ["path consistency", pathConsistency(target), other],
  ];
  test.each(still)("every batch of %s has gradient 0", (_, objective, from) => {
    const { standardDeviation, mean } = measureGradient(objective, optimum(objective), {
      from,
      count: 4,
      draws: 50,
      seed: 1,
    });
    for (const numbers of [standardDeviation, mean]) expect(Math.max(...numbers.map(Math.abs))).toBeLessThan(1e-13);
  });

  test("forward KL still scatters, even on the target's own responses", () => {
    const objective = forwardKl(target);
    const { standardDeviation } = measureGradient(objective, optimum(objective), {
      from: target,
      count: 4,
      draws: 50,
      seed: 1,
    });
    expect(Math.max(...standardDeviation)).toBeGreaterThan(0.01);
  });
});

test("a batch of an automaton's responses gives what enumeration does", () => {
  const merged = layered(lengthRange({ tokens: 2, minimum: 1, maximum: 3 }), { horizon: 4, eos: true });
  const reward = tableOfArcs(merged, "reward", (depth, state, action) => Math.sin(depth + 2 * state + 3 * action));
  for (const make of Object.values(OBJECTIVES)) {
    const objective = make(reward);
    const measured = measureGradient(objective, randomStudent(objective, 5), { count: 4, draws: 50, seed: 6 });
    expect(measured.mean.every(Number.isFinite)).toBe(true);
  }
  const objective = reverseKl(reward);
  const measured = measureGradient(objective, randomStudent(objective, 5), { count: 4, draws: 4000, seed: 6 });
  expect(worst(measured)).toBeLessThan(4);
});

describe("refuses", () => {
  const student = reverseKl(target).initial();
  const responses = [[0], [1, 2]];

  test("batches of another space, too small, or without log-probabilities", () => {
    const elsewhere = drawBatch(noisyTarget(tree({ tokens: 2, horizon: 3, eos: true }), { seed: 2 }), 4, {
      seed: 1,
      step: 0,
    });
    expect(() => reverseKl(target).gradient(student, elsewhere)).toThrow(/the batch is from a space of 21 arcs/);
    expect(() => reverseKl(target).gradient(student, batchOf(space, [[0]], Float64Array.of(-1)))).toThrow(/≥ 2 resp/);
    for (const objective of [forwardKl(target), reverseKl(target)]) {
      expect(() => objective.gradient(student, batchOf(space, responses))).toThrow(/give the batch "logProposal"/);
    }
  });

  test("responses outside the space, and log-probabilities that are missing or infinite", () => {
    expect(() => batchOf(space, [[0, 1, 2]])).toThrow(/response 0, "012", is not in the space/);
    expect(() => batchOf(space, [[9]])).toThrow(/response 0, \[9\], is not in the space/);
    expect(() => batchOf(space, responses, Float64Array.of(-1))).toThrow(/one number for each of 2 responses, got 1/);
    expect(() => batchOf(space, responses, Float64Array.of(-1, -Infinity))).toThrow(
      /"logProposal\[1\]" must be finite/,
    );
    expect(() => drawBatch(target, 0, { seed: 1, step: 0 })).toThrow(/"count" must be a whole number ≥ 1/);
  });

  test("responses that the target forbids where a residual would be infinite, and gives them weight 0 elsewhere", () => {
    const [first, ...rest] = target.levels;
    const narrow: Table = { ...target, levels: [(first as Float64Array).with(0, -Infinity), ...rest] };
    const batch = drawBatch(target, 50, { seed: 1, step: 0 });
    for (const make of [bellmanRegression, pathConsistency]) {
      const objective = make(narrow);
      expect(() => objective.gradient(objective.initial(), batch)).toThrow(/of the batch has probability 0 under the/);
    }
    for (const objective of [forwardKl(narrow), reverseKl(narrow)]) {
      expect(objective.gradient(objective.initial(), batch).every(Number.isFinite)).toBe(true);
    }
    const none = batchOf(space, [[0], [0]], Float64Array.of(-1, -1));
    expect(
      forwardKl(narrow)
        .gradient(student, none)
        .every((g) => g === 0),
    ).toBe(true);
  });

  test("weights that overflow", () => {
    const batch = batchOf(space, responses, Float64Array.of(-1000, -1));
    expect(() => reverseKl(target).gradient(student, batch)).toThrow(/the weight of response 0 of the batch overflows/);
  });

  test("fewer than 2 draws", () => {
    const objective = reverseKl(target);
    expect(() => measureGradient(objective, student, { count: 4, draws: 1, seed: 1 })).toThrow(/"draws" must be/);
  });
});

test("the same draw gives the same batch, another step another one", () => {
  const model = policy(target);
  const batch = drawBatch(model, 5, { seed: 1, step: 2 });
  expect(drawBatch(model, 5, { seed: 1, step: 2 })).toEqual(batch);
  expect(drawBatch(model, 5, { seed: 1, step: 3 })).not.toEqual(batch);
});
