import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tableOf, tree } from "../space/index.ts";
import { certify, certifyExactly } from "./certify.ts";
import type { Estimate } from "./estimate.ts";
import { toLogits } from "./soft-bellman.ts";
import { enumerate, isEmpty, klOf } from "./testing/enumeration.ts";
import { randomTable, rewardPairs } from "./testing/problems.ts";

const space = tree({ tokens: 3, horizon: 4, eos: true });

describe("certify", () => {
  test("covers the exact values with its 95 % intervals", () => {
    const trials = 200;
    const hits = { logPartition: 0, klStudentTarget: 0, klTargetStudent: 0 };
    for (let seed = 0; seed < trials; seed++) {
      const target = randomTable(space, "reward", { seed, scale: 1, offset: 0, forbidden: 0 });
      const logits = toLogits(target).logits;
      const noise = randomTable(space, "reward", { seed: seed + 1_000, scale: 0.4, offset: 0, forbidden: 0 });
      const levels = logits.levels.map((level, t) => level.map((q, arc) => q + (noise.levels[t]?.[arc] as number)));
      const student = { ...logits, levels };
      const certificate = certify(student, target, { samples: 2_000, seed });
      const exact = certifyExactly(student, target);
      for (const key of Object.keys(hits) as (keyof typeof hits)[]) {
        const [lower, upper] = certificate[key].interval;
        if (lower <= exact[key] && exact[key] <= upper) hits[key]++;
        // five standard errors and no bias beyond the 1/n of a ratio estimate
        const distance = Math.abs(certificate[key].estimate - exact[key]);
        expect(distance).toBeLessThan(6 * certificate[key].standardError + 1e-3);
      }
    }
    // of 200 intervals at 95 %, 180 or more hold but for a chance below 0.3 %
    for (const hit of Object.values(hits)) expect(hit).toBeGreaterThanOrEqual(180);
  });

  test("is exact, with standard error 0, for a student that is the target", () => {
    const target = randomTable(space, "reward", { seed: 1, scale: 3, offset: 100, forbidden: 0.2 });
    const arm = toLogits(target);
    const certificate = certify(arm, target, { samples: 50, seed: 4 });
    expect(certificate.logPartition.estimate).toBeCloseTo(arm.logPartition, 10);
    expect(certificate.logPartition.standardError).toBeLessThan(1e-11);
    expect(certificate.klStudentTarget.estimate).toBeLessThan(1e-11);
    expect(certificate.effectiveSampleSize).toBeCloseTo(50, 8);
    expect(certificate.warnings).toEqual([]);
  });

  test("brackets log Z by its evidence bounds and never says NaN, whatever is forbidden", () => {
    fc.assert(
      fc.property(rewardPairs, ([student, target]) => {
        if (isEmpty(enumerate(student)) || isEmpty(enumerate(target))) return;
        const certificate = certify(student, target, { samples: 40, seed: 9 });
        const { lower, upper } = certificate.bracket;
        expect(lower).toBeLessThanOrEqual(upper + 1e-8);
        const estimates: Estimate[] = [
          certificate.logPartition,
          certificate.klStudentTarget,
          certificate.klTargetStudent,
        ];
        const all = estimates.flatMap((e) => [e.estimate, e.standardError, ...e.interval]);
        expect([...all, lower, upper, certificate.effectiveSampleSize].some(Number.isNaN)).toBe(false);
        const exact = certifyExactly(student, target);
        if (certificate.klStudentTarget.estimate === Infinity) expect(exact.klStudentTarget).toBe(Infinity);
        const [p, q] = [enumerate(student), enumerate(target)];
        if (Number.isFinite(klOf(p, q))) expect(exact.klStudentTarget).toBeCloseTo(klOf(p, q), 5);
        else expect(exact.klStudentTarget).toBe(Infinity);
      }),
      { numRuns: 300, seed: 23 },
    );
  });

  test("warns of a low effective sample size and of forbidden samples", () => {
    const target = randomTable(space, "reward", { seed: 2, scale: 8, offset: 0, forbidden: 0 });
    const uniform = tableOf(
      space,
      "reward",
      target.levels.map((level) => level.map((r) => (r === -Infinity ? r : 0))),
    );
    expect(certify(uniform, target, { samples: 1_000, seed: 1 }).warnings.join()).toMatch(/effective sample size/);
    const barred = { ...target, levels: target.levels.map((level) => level.slice()) };
    (barred.levels[0] as Float64Array)[0] = -Infinity;
    expect(certify(uniform, barred, { samples: 1_000, seed: 1 }).warnings.join()).toMatch(/probability 0 under/);
  });

  test("finds support that the student misses, which its samples cannot show", () => {
    const all = tableOf(tree({ tokens: 2, horizon: 1, eos: false }), "reward", [Float64Array.of(0, 0)]);
    const half = { ...all, levels: [Float64Array.of(0, -Infinity)] };
    const certificate = certify(half, all, { samples: 100, seed: 1 });
    expect(certificate.klTargetStudent.estimate).toBe(Infinity);
    expect(certificate.warnings.join()).toMatch(/probability 0 to responses of the target/);
    expect(certify(all, half, { samples: 100, seed: 1 }).klStudentTarget.estimate).toBe(Infinity);
  });

  test("refuses fewer than 2 samples and models on different spaces", () => {
    const target = randomTable(space, "reward", { seed: 2, scale: 1, offset: 0, forbidden: 0 });
    expect(() => certify(target, target, { samples: 1, seed: 1 })).toThrow(/"samples" must be a whole number ≥ 2/);
    const elsewhere = tree({ tokens: 3, horizon: 3, eos: true });
    const other = randomTable(elsewhere, "reward", { seed: 2, scale: 1, offset: 0, forbidden: 0 });
    expect(() => certify(target, other, { samples: 10, seed: 1 })).toThrow(RangeError);
  });
});
