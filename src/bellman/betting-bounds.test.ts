import { describe, expect, test } from "vitest";
import { lowerMeanBound, upperMeanBound } from "./betting-bounds.ts";
import { generator, uniform } from "./random.ts";

describe("bounds on a mean by betting", () => {
  test("hold but for the chance they name, where normal intervals fail", () => {
    // one sample in 200 is 1, the others 0: of 100 samples more than half show only zeros
    const trials = 400;
    let [above, below] = [0, 0];
    for (let seed = 0; seed < trials; seed++) {
      const random = generator(seed);
      const samples = Float64Array.from({ length: 100 }, () => (uniform(random) < 0.005 ? 1 : 0));
      if (upperMeanBound(samples, 1, 0.05) < 0.005) above++;
      if (lowerMeanBound(samples, 0, 0.05) > 0.005) below++;
    }
    // of 400 with a chance of 5 % at most, 34 or fewer but for a chance below 0.1 %
    expect(above).toBeLessThanOrEqual(34);
    expect(below).toBeLessThanOrEqual(34);
  });

  test("are near the mean: about 3.5 standard errors for α = 1 %", () => {
    const random = generator(3);
    const samples = Float64Array.from({ length: 10_000 }, () => uniform(random));
    const mean = samples.reduce((sum, x) => sum + x, 0) / samples.length;
    const standardError = Math.sqrt(1 / 12 / samples.length);
    const [lower, upper] = [lowerMeanBound(samples, 0, 0.01), upperMeanBound(samples, 1, 0.01)];
    // √(2 log(13/α)) = 3.8 for the mixture of 13 bets, and a little for a bet that is not the best
    for (const distance of [upper - mean, mean - lower]) {
      expect(distance).toBeGreaterThan(2.3 * standardError);
      expect(distance).toBeLessThan(4.2 * standardError);
    }
  });

  test("are the value of samples that cannot differ, and infinite without a limit", () => {
    const samples = new Float64Array(10).fill(2);
    expect(upperMeanBound(samples, 2, 0.05)).toBe(2);
    expect(lowerMeanBound(samples, 2, 0.05)).toBe(2);
    expect(upperMeanBound(samples, Infinity, 0.05)).toBe(Infinity);
  });
});
