import { describe, expect, test } from "vitest";
import { paretoTail } from "./pareto-tail.ts";
import { generator, uniform } from "./random.ts";

/** Logarithms of Pareto numbers of a shape, `log w = −k log u`, ascending. */
const paretoLogs = (shape: number, count: number, seed: number): Float64Array => {
  const random = generator(seed);
  return Float64Array.from({ length: count }, () => -shape * Math.log(uniform(random))).toSorted();
};

describe("paretoTail", () => {
  test.each([0.3, 0.6, 0.9])("finds the shape %d of Pareto weights", (shape) => {
    // ten estimates from 300 exceedances, each with standard error (1 + k)/√300 (Smith, 1987), drawn 10 parts in 310 towards ½
    const found = Array.from({ length: 10 }, (_, seed) => paretoTail(paretoLogs(shape, 10_000, seed)).shape);
    const mean = found.reduce((sum, k) => sum + k, 0) / found.length;
    const expected = (300 * shape + 5) / 310;
    expect(Math.abs(mean - expected)).toBeLessThan((4 * (1 + shape)) / Math.sqrt(300 * found.length));
  });

  test("expects beyond the largest what the law expects beyond its 1/n quantile", () => {
    // w ≥ n^k has mean n^k / (1 − k); the estimates are spread by some tens of per cent
    const found = Array.from({ length: 10 }, (_, seed) => paretoTail(paretoLogs(0.5, 10_000, seed)).logBeyond);
    const mean = found.reduce((sum, x) => sum + x, 0) / found.length;
    const variance = found.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (found.length - 1);
    const expected = 0.5 * Math.log(10_000) + Math.log(2);
    expect(Math.abs(mean - expected)).toBeLessThan(4 * Math.sqrt(variance / found.length));
  });

  test("says what it cannot tell, and what has no tail", () => {
    expect(paretoTail(new Float64Array(100).fill(3))).toEqual({ shape: -Infinity, logBeyond: -Infinity });
    expect(paretoTail(new Float64Array(100).fill(-Infinity)).shape).toBe(-Infinity);
    expect(paretoTail(paretoLogs(0.5, 24, 1))).toEqual({ shape: Infinity, logBeyond: Infinity });
    expect(paretoTail(paretoLogs(2, 10_000, 1)).logBeyond).toBe(Infinity);
  });

  test("gives numbers where weights are equal by the hundred, whatever their ties", () => {
    for (let ties = 1; ties <= 200; ties++) {
      const weights = Float64Array.from({ length: 1_000 }, (_, i) => (i < 1_000 - ties ? -2 - (i % 3) : 0)).toSorted();
      const { shape, logBeyond } = paretoTail(weights);
      expect([shape, logBeyond].some(Number.isNaN)).toBe(false);
    }
  });
});
