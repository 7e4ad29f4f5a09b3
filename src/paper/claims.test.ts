import { describe, expect, test } from "vitest";
import { bellmanErrors, bellmanSection } from "./claim-bellman.ts";
import { bijectionErrors, bijectionSection, TOLERANCE } from "./claim-bijection.ts";
import { ordered, randomTrials, ratiosOf, worstTrials } from "./claim-bounds.ts";
import { boundsSection } from "./claim-bounds-section.ts";
import { COST_METHODS, type CostMethod, costsOf, growthExponent, growthPerToken } from "./claim-cost.ts";
import { lossGaps, TARGET_LAWS, trainOne } from "./claim-minima.ts";
import { minimaSection } from "./claim-minima-section.ts";
import { PAPER_SPACES } from "./reward-laws.ts";

const [variable, fixed] = PAPER_SPACES as [
  (typeof PAPER_SPACES)[0],
  (typeof PAPER_SPACES)[0],
  (typeof PAPER_SPACES)[0],
];

describe("claim 1", () => {
  test("log-probabilities agree for all responses of every space and law", () => {
    const errors = bijectionErrors({ seed: 1, draws: 1 });
    expect(errors).toHaveLength(15);
    expect(errors.map(({ responses }) => responses)).toContain(65_536);
    for (const { relative } of errors) expect(relative).toBeLessThanOrEqual(TOLERANCE);
    expect(bijectionSection(errors).findings.every(({ holds }) => holds)).toBe(true);
  });
});

describe("claim 2", () => {
  test("residual, values and round trips are exact for every law", () => {
    const errors = bellmanErrors({ seed: 1, draws: 1, spaces: [variable, fixed] });
    for (const { residual, values, rewardTrip, logitsTrip } of errors) {
      expect(Math.max(residual, values, rewardTrip, logitsTrip)).toBeLessThanOrEqual(TOLERANCE);
    }
    expect(bellmanSection(errors).findings.every(({ holds }) => holds)).toBe(true);
  });
});

describe("claim 3", () => {
  const gaps = lossGaps({ seed: 1, spaces: [variable, fixed] });
  const trainings = (["ebm", "arm"] as const).map((kind) =>
    trainOne(variable, TARGET_LAWS[0] as (typeof TARGET_LAWS)[0], kind, { seed: 1 }),
  );

  test("the losses agree on every response and at their minima", () => {
    for (const { perResponse, ebmGap, armGap } of gaps) {
      expect(Math.max(perResponse, Math.abs(ebmGap), Math.abs(armGap))).toBeLessThan(1e-12);
    }
  });

  test("training closes the gap, and the section says so", () => {
    for (const { curve } of trainings) {
      expect(curve).toHaveLength(3001);
      expect(Math.abs(curve.at(-1)?.gap ?? 1)).toBeLessThan(1e-6);
    }
    expect(minimaSection(gaps, trainings).findings.every(({ holds }) => holds)).toBe(true);
  });
});

describe("claim 4", () => {
  const random = randomTrials({ seed: 1, trials: 3 });
  const worst = worstTrials();

  test("bounds hold in order, in both directions", () => {
    expect(random).toHaveLength(54);
    expect([...random, ...worst].every(ordered)).toBe(true);
    expect(boundsSection(random, worst).findings.every(({ holds }) => holds)).toBe(true);
  });

  test("the sharp bound is attained at every scale", () => {
    for (const trial of worst) expect(ratiosOf(trial).sharp.forward).toBeCloseTo(1, 11);
  });
});

describe("claim 5", () => {
  const costOf = (id: string, horizons: number[]) =>
    costsOf(COST_METHODS.find((method) => method.id === id) as CostMethod, { seed: 1, horizons });

  test("arcs grow by the vocabulary on a tree, and with the horizon elsewhere", () => {
    expect(growthPerToken(costOf("tree-8", [1, 2, 3, 4]), "arcs")).toBeCloseTo(8, 1);
    expect(growthExponent(costOf("along", [5, 10, 20]), "arcs")).toBeCloseTo(1, 12);
    expect(growthExponent(costOf("merged", [5, 10, 20]), "arcs")).toBeCloseTo(1, 12);
  });
});
