import { describe, expect, test } from "vitest";
import { type Table, tree } from "../../../space/index.ts";
import { adam, constantRate } from "../../adam.ts";
import { zipfTarget } from "../../targets.ts";
import { bellmanRegression } from "./bellman-regression.ts";
import { type DistillOptions, type DistillStep, distillTabular } from "./distill-tabular.ts";
import { forwardKl } from "./forward-kl.ts";
import type { Objective } from "./objective.ts";
import { pathConsistency } from "./path-consistency.ts";
import { reverseKl } from "./reverse-kl.ts";
import { OBJECTIVES } from "./testing/objectives.ts";

const target = zipfTarget(tree({ tokens: 3, horizon: 3, eos: true }), { seed: 7 });

const lastOf = (objective: Objective, options: DistillOptions): DistillStep => {
  let last: DistillStep | undefined;
  for (const step of distillTabular(objective, { every: options.steps ?? 3000, ...options })) last = step;
  return last as DistillStep;
};

describe.each(Object.keys(OBJECTIVES))("%s", (name) => {
  test("reaches the target with exact expectations", () => {
    const objective = (OBJECTIVES[name] as (target: Table) => Objective)(target);
    const last = lastOf(objective, { steps: 2000 });
    expect(last.kl.forward).toBeLessThan(1e-6);
    expect(last.kl.reverse).toBeLessThan(1e-6);
  });
});

describe("on samples", () => {
  const samples = { count: 16, seed: 4 };
  const cases: [string, Objective, DistillOptions["samples"]][] = [
    ["reverse KL, on-policy", reverseKl(target), samples],
    ["soft Bellman regression", bellmanRegression(target), samples],
    ["path consistency", pathConsistency(target), samples],
  ];
  test.each(cases)("%s, whose gradient vanishes at the optimum, reaches the target", (_, objective, from) => {
    const last = lastOf(objective, { steps: 3000, samples: from as NonNullable<typeof from> });
    expect(last.samples).toBe(48_000);
    expect(last.kl.forward).toBeLessThan(1e-6);
  });

  test("forward KL falls to what its noise leaves", () => {
    const last = lastOf(forwardKl(target), { steps: 3000, samples: { ...samples, from: target } });
    expect(last.kl.forward).toBeLessThan(0.02);
  });
});

test("yields the uninformed student, every so many steps, and the last", () => {
  const steps = [...distillTabular(reverseKl(target), { steps: 25, every: 10, samples: { count: 2, seed: 1 } })];
  expect(steps.map(({ step }) => step)).toEqual([0, 10, 20, 25]);
  expect(steps.map(({ samples }) => samples)).toEqual([0, 20, 40, 50]);
  expect(steps[0]?.value).toBeCloseTo(steps[0]?.kl.reverse as number, 13);
});

test("goes on from given parameters, which it leaves alone", () => {
  const objective = reverseKl(target);
  const optimiser = adam(constantRate(0));
  const start = objective.initial().map((x, i) => x + i / 10);
  const before = start.slice();
  const last = lastOf(objective, { steps: 1, optimiser, start });
  expect(last.parameters()).toEqual(before);
  lastOf(objective, { steps: 2, start });
  expect(start).toEqual(before);
});

test("refuses steps and samples that are not whole numbers ≥ 1", () => {
  const run = (options: DistillOptions) => [...distillTabular(reverseKl(target), options)];
  expect(() => run({ steps: 0 })).toThrow(/"steps" must be a whole number ≥ 1, got 0/);
  expect(() => run({ every: 1.5 })).toThrow(/"every" must be a whole number ≥ 1, got 1.5/);
  expect(() => run({ samples: { count: 0, seed: 1 } })).toThrow(/"samples.count" must be a whole number ≥ 1, got 0/);
  expect(() => run({ samples: { count: 1, seed: 1 } })).toThrow(/the batch must hold ≥ 2 responses, got 1/);
});
