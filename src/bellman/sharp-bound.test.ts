import { describe, expect, test } from "vitest";
import { sharpBound } from "./sharp-bound.ts";

/** h(ρ) to the nearest float64: Python's decimal, 80 digits, log((e^ρ − 1)/ρ) + ρ/(e^ρ − 1) − 1. */
const GOLDEN: readonly (readonly [number, number])[] = [
  [1e-8, 1.25e-17],
  [1e-6, 1.2499999999999826e-13],
  [0.0001, 1.249999999826389e-9],
  [0.001, 1.2499999826388892e-7],
  [0.01, 1.249998263892747e-5],
  [0.1, 0.0012498264274598376],
  [0.5, 0.031142092261155878],
  [0.9999, 0.1232772346516676],
  [1.0, 0.12330156148224454],
  [1.0001, 0.12332589061556132],
  [1.5, 0.272877808149684],
  [2.0, 0.47447464707052694],
  [3.0, 1.0075056198629566],
  [5.0, 2.4177196126479323],
  [10.0, 6.69782352595568],
  [20.0, 16.004267765607928],
  [50.0, 45.087976994571854],
  [100.0, 94.39482981401191],
  [700.0, 692.4489196649566],
  [710.0, 702.4347350299646],
  [1000.0, 992.0922447210179],
  [10000.0, 9989.789659628024],
  [100000.0, 99987.48707453503],
];

describe("sharpBound", () => {
  test.each(GOLDEN)("h(%d) to 1e-12 relative", (range, expected) => {
    expect(Math.abs(sharpBound(range) / expected - 1)).toBeLessThanOrEqual(1e-12);
  });

  test("is 0 at 0, infinite at ∞, and does not overflow between", () => {
    expect(sharpBound(0)).toBe(0);
    expect(sharpBound(Infinity)).toBe(Infinity);
    expect(sharpBound(1e6)).toBeCloseTo(1e6 - Math.log(1e6) - 1, 6);
    expect(sharpBound(1e300)).toBeCloseTo(1e300, 0);
  });

  test("increases, and stays below ρ²/8 and ρ", () => {
    for (let range = 1e-9; range < 1e6; range *= 1.3) {
      expect(sharpBound(range)).toBeLessThanOrEqual(Math.min(range, range ** 2 / 8));
      expect(sharpBound(range * 1.3)).toBeGreaterThan(sharpBound(range));
    }
  });

  test("is attained by the two-point policy of its proof", () => {
    for (const range of [0.1, 1, 5, 30]) {
      // P(top) = 1/ρ − 1/(e^ρ − 1) under π*, and π ∝ π*·e^δ with δ = ρ on top and 0 below
      const top = 1 / range - 1 / Math.expm1(range);
      const attained = Math.log1p(top * Math.expm1(range)) - top * range;
      expect(Math.abs(attained / sharpBound(range) - 1)).toBeLessThan(1e-10);
    }
  });

  test("refuses a negative range and NaN", () => {
    expect(() => sharpBound(-1)).toThrow(/"range" must be ≥ 0, got -1/);
    expect(() => sharpBound(Number.NaN)).toThrow(RangeError);
  });
});
