import { describe, expect, test } from "vitest";
import { generator, uniform } from "../../bellman/index.ts";
import { partitionOfIslands, partitionOfWeights } from "./log-partition.ts";
import { mixedSampleSize } from "./mixed-sample-size.ts";
import { studentQuantile } from "./student-t.ts";

test("Student's quantiles are those of the tables", () => {
  // the usual tables; Simpson's rule on the density, 200,000 steps, gives 0.975 for each within 3e-9
  const table: [number, number][] = [
    [1, 12.7062047],
    [2, 4.3026527],
    [3, 3.1824463],
    [4, 2.7764451],
    [5, 2.5705818],
    [7, 2.3646243],
    [10, 2.2281389],
    [30, 2.0422725],
  ];
  for (const [degrees, quantile] of table) {
    expect(Math.abs(studentQuantile(degrees) / quantile - 1)).toBeLessThan(3e-3);
  }
});

describe("log Z", () => {
  test("of one number: Markov's inequality and nothing else", () => {
    for (const { logPartition } of [partitionOfWeights([-2]), partitionOfIslands([-2])]) {
      expect(logPartition).toEqual({
        estimate: -2,
        standardError: Infinity,
        interval: [-2 + Math.log(0.05), Infinity],
      });
    }
  });

  test("of islands: the mean, its scatter, and a lower end that Markov's inequality holds up", () => {
    const { logPartition, warnings } = partitionOfIslands([Math.log(1), Math.log(3)]);
    expect(logPartition.estimate).toBeCloseTo(Math.log(2), 14);
    expect(logPartition.standardError).toBeCloseTo(0.5, 14);
    expect(logPartition.interval[0]).toBeCloseTo(Math.log(2) + Math.log(0.05), 14);
    expect(warnings).toEqual([]);
    const dead = partitionOfIslands([-Infinity, 0, -Infinity, -Infinity]);
    expect(dead.logPartition.estimate).toBeCloseTo(Math.log(0.25), 14);
    expect(dead.warnings[0]).toMatch(/scatter by 200 % of their mean/);
  });
});

describe("effective sample size of chains", () => {
  const random = generator(3);
  const chain = (length: number, keep: number) => {
    let x = 0;
    // an autoregressive chain: its autocorrelation time is (1 + keep)/(1 − keep)
    return Float64Array.from({ length }, () => (x = keep * x + uniform(random) - 0.5));
  };
  test.each([0, 0.5, 0.9])("autoregression %f", (keep) => {
    const chains = Array.from({ length: 8 }, () => chain(4000, keep));
    const exact = (8 * 4000 * (1 - keep)) / (1 + keep);
    expect(Math.abs(mixedSampleSize(chains) / exact - 1)).toBeLessThan(0.15);
  });

  test("chains that have not met, or not moved, count for little", () => {
    expect(mixedSampleSize([chain(500, 0), chain(500, 0).map((x) => x + 10)])).toBeLessThan(10);
    expect(mixedSampleSize([new Float64Array(50).fill(2), new Float64Array(50).fill(2)])).toBe(2);
  });
});
