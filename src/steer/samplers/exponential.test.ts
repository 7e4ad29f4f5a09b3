import { expect, test } from "vitest";
import { generator, uniform } from "../../bellman/index.ts";
import { exponential } from "./exponential.ts";

test("the exponential agrees with Math.exp within 5e-16, and beyond its range is Math.exp", () => {
  const random = generator(5);
  let worst = 0;
  for (const width of [1e-9, 1, 40, 1400]) {
    for (let i = 0; i < 50_000; i++) {
      const x = width * (uniform(random) - 0.5);
      worst = Math.max(worst, Math.abs(exponential(x) / Math.exp(x) - 1));
    }
  }
  expect(worst).toBeLessThan(5e-16);
  for (const x of [-Infinity, -800, -740, Infinity, 709, Number.NaN]) expect(exponential(x)).toBe(Math.exp(x));
  expect(exponential(0)).toBe(1);
});
