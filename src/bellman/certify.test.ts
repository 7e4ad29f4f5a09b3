import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { table, tableOf, tree } from "../space/index.ts";
import { certify, certifyExactly } from "./certify.ts";
import type { Guarantees } from "./certify-guarantees.ts";
import { certifyResiduals } from "./certify-residuals.ts";
import type { Estimate } from "./estimate.ts";
import { generator, uniform } from "./random.ts";
import { toLogits } from "./soft-bellman.ts";
import { enumerate, isEmpty, klOf } from "./testing/enumeration.ts";
import { randomTable, rewardPairs } from "./testing/problems.ts";

const space = tree({ tokens: 3, horizon: 4, eos: true });

describe("certify", () => {
  test("is exact, with standard error 0, for a student that is the target", () => {
    const target = randomTable(space, "reward", { seed: 1, scale: 3, offset: 100, forbidden: 0.2 });
    const arm = toLogits(target);
    const certificate = certify(arm, target, { samples: 50, seed: 4 });
    expect(certificate.logPartition.estimate).toBeCloseTo(arm.logPartition, 10);
    expect(certificate.logPartition.standardError).toBeLessThan(1e-11);
    expect(certificate.klStudentTarget.estimate).toBeLessThan(1e-11);
    expect(certificate.effectiveSampleSize).toBeCloseTo(50, 8);
    expect(certificate.warnings).toEqual([]);
    expect(certificate.paretoShape).toBe(-Infinity);
    expect(certificate.guarantees?.klBound).toBeLessThan(1e-20);
    expect(certificate.guarantees?.confident.klTargetStudent[1]).toBeLessThan(1e-11);
  });

  test("keeps the ends of its guarantees in order where rounding alone is left", () => {
    for (const horizon of [1, 2, 3, 5]) {
      for (const step of [0.1, -1.7, 3.3]) {
        const single = table(tree({ tokens: 1, horizon, eos: false }), "reward", (prefix) => step + prefix.length / 3);
        const { guarantees } = certify(single, single, { samples: 1000, seed: 1 });
        for (const [lower, upper] of Object.values((guarantees as Guarantees).confident)) {
          expect(lower).toBeLessThanOrEqual(upper);
        }
      }
    }
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
        const { effectiveSampleSize, paretoShape } = certificate;
        const { residualRange, logPartition, klBound, confident } = certificate.guarantees as Guarantees;
        const guaranteed = [
          ...Object.values(residualRange),
          ...logPartition,
          klBound,
          ...Object.values(confident).flat(),
        ];
        expect([...all, lower, upper, effectiveSampleSize, paretoShape, ...guaranteed].some(Number.isNaN)).toBe(false);
        const exact = certifyExactly(student, target);
        expect(Math.max(exact.klStudentTarget, exact.klTargetStudent)).toBeLessThanOrEqual(klBound * (1 + 1e-9) + 1e-9);
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
    expect(certificate.guarantees?.klBound).toBe(Infinity);
    expect(certificate.guarantees?.logPartition[1]).toBe(Infinity);
    expect(certificate.guarantees?.confident.klTargetStudent).toEqual([Infinity, Infinity]);
    expect(certify(all, half, { samples: 100, seed: 1 }).klStudentTarget.estimate).toBe(Infinity);
  });

  test("warns of a heavy tail, of few samples, and of what was not sampled where the range is known", () => {
    const random = generator(5);
    // Pareto weights of shape 0.85: finite mean, infinite variance
    const heavy = Float64Array.from({ length: 5_000 }, () => -0.85 * Math.log(uniform(random)));
    expect(certifyResiduals(heavy).warnings.join()).toMatch(/cannot be trusted: .* Pareto shape 0\.[789]/);
    expect(certifyResiduals(heavy.subarray(0, 10)).warnings.join()).toMatch(/with 10 samples: too few/);
    const even = Float64Array.from({ length: 1_000 }, () => 0.1 * uniform(random));
    expect(certifyResiduals(even).warnings).toEqual([]);
    const { warnings, guarantees } = certifyResiduals(even, { range: { lower: 0, upper: 8 } });
    expect(warnings.join()).toMatch(/not sampled: .* residual 8\.000 nats/);
    // 3 expected samples of weight e^8 among 1,000 would change log Z by log(1 + 3·e^8/1,000) ≈ 2.3 nats: the guarantee must allow it
    expect(guarantees?.confident.logPartition[1]).toBeGreaterThan(2.3);
    expect(certifyResiduals(even).guarantees).toBeUndefined();
  });

  test("refuses residuals and ranges that cannot be", () => {
    const good = Float64Array.of(0, 1, 2);
    expect(() => certifyResiduals(Float64Array.of(1))).toThrow(/"samples" must be a whole number ≥ 2, got 1/);
    expect(() => certifyResiduals(Float64Array.of(1, Number.NaN))).toThrow(/"residuals\[1\]" must be a finite number/);
    expect(() => certifyResiduals(Float64Array.of(Infinity, 1))).toThrow(/"residuals\[0\]" must be a finite number/);
    expect(() => certifyResiduals(good, { range: { lower: 1, upper: 0 } })).toThrow(/"range" must have lower ≤ upper/);
    expect(() => certifyResiduals(good, { range: { lower: 0, upper: 1.5 } })).toThrow(/but "residuals\[2\]" is 2/);
  });

  test("refuses fewer than 2 samples and models on different spaces", () => {
    const target = randomTable(space, "reward", { seed: 2, scale: 1, offset: 0, forbidden: 0 });
    expect(() => certify(target, target, { samples: 1, seed: 1 })).toThrow(/"samples" must be a whole number ≥ 2/);
    const elsewhere = tree({ tokens: 3, horizon: 3, eos: true });
    const other = randomTable(elsewhere, "reward", { seed: 2, scale: 1, offset: 0, forbidden: 0 });
    expect(() => certify(target, other, { samples: 10, seed: 1 })).toThrow(RangeError);
  });
});
