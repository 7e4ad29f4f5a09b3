import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { kl, logProbability, score } from "../../../bellman/index.ts";
import { enumerate, mean } from "../../../bellman/testing/enumeration.ts";
import { type Table, tree } from "../../../space/index.ts";
import { noisyTarget } from "../../targets.ts";
import { bellmanRegression } from "./bellman-regression.ts";
import { forwardKl } from "./forward-kl.ts";
import type { Objective } from "./objective.ts";
import { pathConsistency } from "./path-consistency.ts";
import { reverseKl } from "./reverse-kl.ts";
import { OBJECTIVES, optimum, randomStudent, targets } from "./testing/objectives.ts";

/** Fourth-order central difference: at step 1e-3 truncation and rounding are both some 1e-12 of numbers near 1. */
const slope = (f: (shift: number) => number): number => {
  const h = 1e-3;
  return (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h);
};

/** By all responses, whatever their probability. */
const responseMean = (target: Table, model: Table, f: (response: number[]) => number): number =>
  mean(enumerate({ ...model, kind: "reward" }), (response) => (score(target, response) > -Infinity ? f(response) : 0));

describe.each(Object.keys(OBJECTIVES))("%s", (name) => {
  const make = OBJECTIVES[name] as (target: Table) => Objective;

  test("has the gradient that finite differences of its value give", () => {
    fc.assert(
      fc.property(targets, fc.nat(), (target, seed) => {
        const objective = make(target);
        const student = randomStudent(objective, seed);
        const gradient = objective.gradient(student);
        // relative to the largest slope, and to what rounding leaves of the value itself
        const unit = gradient.reduce((max, g) => Math.max(max, Math.abs(g)), 1e-6 * objective.value(student) + 1e-9);
        student.forEach((x, i) => {
          const expected = x === -Infinity ? 0 : slope((shift) => objective.value(student.with(i, x + shift), student));
          expect(Math.abs((gradient[i] as number) - expected)).toBeLessThanOrEqual(1e-6 * unit);
        });
      }),
      { numRuns: 40, seed: 41 },
    );
  });

  test("is 0 with gradient 0 at the target's own logits, and positive elsewhere", () => {
    fc.assert(
      fc.property(targets, fc.nat(), (target, seed) => {
        const objective = make(target);
        const best = optimum(objective);
        // squares and divergences of rounding errors of numbers below 30·horizon
        expect(Math.abs(objective.value(best))).toBeLessThan(1e-12);
        expect(objective.gradient(best).every((g) => Math.abs(g) < 1e-12)).toBe(true);
        const student = randomStudent(objective, seed);
        expect(objective.value(student)).toBeGreaterThanOrEqual(-1e-13);
      }),
      { numRuns: 40, seed: 42 },
    );
  });

  test("does not read a student where no response of the target goes", () => {
    fc.assert(
      fc.property(targets, fc.nat(), (target, seed) => {
        const objective = make(target);
        const student = randomStudent(objective, seed);
        const other = student.map((x) => (x === -Infinity ? 7 : x));
        expect(objective.value(other)).toBe(objective.value(student));
        expect(objective.gradient(other)).toEqual(objective.gradient(student));
        expect(objective.table(other).levels).toEqual(objective.table(student).levels);
      }),
      { numRuns: 20, seed: 43 },
    );
  });
});

describe("values", () => {
  test("of the divergences are those of bellman/kl", () => {
    fc.assert(
      fc.property(targets, fc.nat(), (target, seed) => {
        const forward = forwardKl(target);
        const student = randomStudent(forward, seed);
        const table = forward.table(student);
        expect(forward.value(student)).toBeCloseTo(kl(target, table), 11);
        expect(reverseKl(target).value(student)).toBeCloseTo(kl(table, target), 11);
      }),
      { numRuns: 60, seed: 44 },
    );
  });

  test("of path consistency are the mean squared residual of the responses, by enumeration", () => {
    fc.assert(
      fc.property(targets, fc.nat(), (target, seed) => {
        const objective = pathConsistency(target, { behaviour: target });
        const student = randomStudent(objective, seed);
        const table = objective.table(student);
        const residual = (response: number[]) =>
          objective.logPartition(student) + logProbability(table, response) - score(target, response);
        const expected = responseMean(target, target, (response) => residual(response) ** 2);
        expect(Math.abs(objective.value(student) - expected)).toBeLessThan(1e-11 * Math.max(1, expected));
      }),
      { numRuns: 60, seed: 45 },
    );
  });
});

const space = tree({ tokens: 3, horizon: 3, eos: true });
const target = noisyTarget(space, { seed: 2 });

test("on-policy path consistency has twice the gradient of the reverse divergence, whatever its log-partition", () => {
  const consistency = pathConsistency(target, { behaviour: "student" });
  const student = randomStudent(consistency, 3);
  const logits = student.slice(0, -1);
  const expected = reverseKl(target).gradient(logits);
  consistency
    .gradient(student)
    .slice(0, -1)
    .forEach((g, i) => {
      expect(g).toBeCloseTo(2 * (expected[i] as number), 12);
    });
});

describe("refuses", () => {
  test("a student with a missing, surplus or infinite parameter", () => {
    for (const make of Object.values(OBJECTIVES)) {
      const objective = make(target);
      const student = objective.initial();
      expect(() => objective.value(student.slice(1))).toThrow(
        /the student must hold \d+ parameters for this objective/,
      );
      expect(() => objective.gradient(student.with(0, -Infinity))).toThrow(
        /parameter 0 of the student must be a finite/,
      );
      expect(() => objective.gradient(student.with(1, Number.NaN))).toThrow(/parameter 1 .* got NaN/);
    }
  });

  test("a behaviour on another space or outside the target's support", () => {
    const elsewhere = noisyTarget(tree({ tokens: 2, horizon: 3, eos: true }), { seed: 2 });
    const [first, ...rest] = target.levels;
    const narrow: Table = { ...target, levels: [(first as Float64Array).with(0, -Infinity), ...rest] };
    for (const make of [bellmanRegression, pathConsistency]) {
      expect(() => make(target, { behaviour: elsewhere })).toThrow(/the models live on different spaces/);
      expect(() => make(narrow, { behaviour: target })).toThrow(/the behaviour gives probability to responses that/);
      expect(() => make(target, { behaviour: "greedy" as "uniform" })).toThrow(/"behaviour" must be/);
    }
  });

  test("unknown variants", () => {
    expect(() => forwardKl(target, { weights: "none" as "exact" })).toThrow(/"weights" must be/);
    expect(() => forwardKl(target, { baseline: true })).toThrow(/"baseline" needs "weights": "exact"/);
    expect(() => bellmanRegression(target, { bootstrap: "no" as "held" })).toThrow(/"bootstrap" must be/);
    expect(() => bellmanRegression(target, { actions: "none" as "all" })).toThrow(/"actions" must be/);
  });
});
