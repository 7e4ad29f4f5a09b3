import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arcsOf, tableOf, tree } from "../space/index.ts";
import { armOf } from "./arm.ts";
import { kl } from "./divergence.ts";
import { score } from "./policy.ts";
import { residualBreakdown } from "./residual-breakdown.ts";
import { residualRange } from "./residual-range.ts";
import { residuals } from "./residuals.ts";
import { sharpBound } from "./sharp-bound.ts";
import { toLogits, toReward } from "./soft-bellman.ts";
import { enumerate, isEmpty, mean } from "./testing/enumeration.ts";
import { randomTable, rewardPairs } from "./testing/problems.ts";

const space = tree({ tokens: 3, horizon: 3, eos: true });
const law = { scale: 1, offset: 0, forbidden: 0 };

describe("residualRange", () => {
  test("is the least and largest residual of the student's responses, and bounds both divergences", () => {
    fc.assert(
      fc.property(rewardPairs, ([first, target]) => {
        const listed = enumerate(first);
        if (isEmpty(listed) || isEmpty(enumerate(target))) return;
        const student = armOf(first);
        const all = listed.tokens
          .filter((_, i) => listed.logProbabilities[i] !== -Infinity)
          .map((y) => score(target, y) - score(first, y));
        const { lower, upper } = residualRange(student, target);
        const largest = Math.max(1, ...all.filter(Number.isFinite).map(Math.abs));
        for (const [found, exact] of [
          [lower, Math.min(...all)],
          [upper, Math.max(...all)],
        ] as const) {
          if (Number.isFinite(exact)) expect(Math.abs(found - exact)).toBeLessThan(1e-10 * Math.max(largest, 5_000));
          else expect(found).toBe(exact);
        }
        // a student that misses a part of the target's support: its responses do not tell
        if (upper === -Infinity || kl(target, student) === Infinity) return;
        const bound = sharpBound(upper - lower) * (1 + 1e-9) + 1e-9;
        expect(kl(student, target)).toBeLessThanOrEqual(bound);
        expect(kl(target, student)).toBeLessThanOrEqual(bound);
      }),
      { numRuns: 300, seed: 41 },
    );
  });
});

describe("residualBreakdown", () => {
  const target = randomTable(space, "reward", { ...law, seed: 1 });
  const student = randomTable(space, "logits", { ...law, seed: 2 });

  test("adds up to the variance of Δ, whatever the gauge", () => {
    const listed = enumerate(toReward(student));
    const delta = listed.tokens.map((y) => score(target, y) - score(toReward(student), y));
    const expected = mean(listed, (_, i) => delta[i] as number);
    const variance = mean(listed, (_, i) => ((delta[i] as number) - expected) ** 2);
    const shifted = {
      ...student,
      levels: student.levels.map((level) => level.map((q, arc) => q + Math.floor(arc / 4))),
    };
    for (const model of [student, shifted]) {
      const { positions, states } = residualBreakdown(model, target, { states: 1_000 });
      expect(positions.reduce((sum, p) => sum + p.variance, 0)).toBeCloseTo(variance, 10);
      expect(states.reduce((sum, s) => sum + s.variance, 0)).toBeCloseTo(variance, 10);
      const parts = states.map((s) => s.variance);
      expect(parts).toEqual(parts.toSorted((a, b) => b - a));
    }
  });

  test("gives the moments of the residual by depth, as enumeration does", () => {
    const listed = enumerate(toReward(student));
    const along = residuals(student, target);
    const { positions } = residualBreakdown(student, target);
    positions.forEach((position, depth) => {
      const here = listed.tokens.map((y) => {
        const arc = (arcsOf(space, y) as number[])[depth];
        return arc === undefined ? undefined : (along[depth]?.[arc] as number);
      });
      const reach = mean(listed, (_, i) => (here[i] === undefined ? 0 : 1));
      const first = mean(listed, (_, i) => here[i] ?? 0) / reach;
      const spread = mean(listed, (_, i) => (here[i] === undefined ? 0 : ((here[i] as number) - first) ** 2)) / reach;
      expect(position.probability).toBeCloseTo(reach, 12);
      expect(position.mean).toBeCloseTo(first, 11);
      expect(position.standardDeviation).toBeCloseTo(Math.sqrt(spread), 11);
    });
  });

  test("finds the one state that errs, by its prefix", () => {
    const { logits } = toLogits(target);
    const levels = logits.levels.map((level) => level.slice());
    const level = levels[2] as Float64Array;
    // at the last depth only EOS is allowed, so err one before: after token 1
    const before = levels[1] as Float64Array;
    before[1 * 4 + 2] = (before[1 * 4 + 2] as number) + 1;
    expect(level.length).toBe(36);
    const { states, positions } = residualBreakdown({ ...logits, levels }, target);
    expect(states[0]).toMatchObject({ depth: 1, state: 1, prefix: ["1"] });
    expect(positions[1]?.variance).toBeGreaterThan(0);
    expect(residualBreakdown(toLogits(target), target).states).toEqual([]);
  });

  test("puts first the states where the student takes what the target forbids, and is never NaN", () => {
    const levels = target.levels.map((level) => level.slice());
    (levels[1] as Float64Array)[2 * 4] = -Infinity;
    const { states, positions } = residualBreakdown(student, tableOf(space, "reward", levels));
    expect(states[0]).toMatchObject({ depth: 1, state: 2, variance: Infinity });
    expect(positions[1]?.forbidden).toBeGreaterThan(0);
    fc.assert(
      fc.property(rewardPairs, ([first, second]) => {
        if (isEmpty(enumerate(first)) || isEmpty(enumerate(second))) return;
        const { positions, states } = residualBreakdown(first, second);
        const numbers = [
          ...positions.map(Object.values),
          ...states.map(({ prefix: _, ...rest }) => Object.values(rest)),
        ];
        expect(numbers.flat().some(Number.isNaN)).toBe(false);
      }),
      { numRuns: 200, seed: 43 },
    );
  });

  test("refuses a number of states that is not whole, and other spaces", () => {
    expect(() => residualBreakdown(student, target, { states: 1.5 })).toThrow(/"states" must be a whole number ≥ 0/);
    const other = randomTable(tree({ tokens: 3, horizon: 2, eos: true }), "reward", { ...law, seed: 2 });
    expect(() => residualBreakdown(student, other)).toThrow(RangeError);
  });
});
