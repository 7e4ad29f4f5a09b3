import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { likelihoodInterval } from "./likelihood-interval.ts";
import { tiltTowards } from "./likelihood-region.ts";
import { generator, gumbel, uniform } from "./random.ts";
import { klFromStudent, klFromTarget, logMeanWeight } from "./residual-functionals.ts";
import { momentsOf, residualSample } from "./residual-sample.ts";

const functionals = [logMeanWeight, klFromStudent, klFromTarget];
const gumbels = (seed: number, count: number, scale: number): Float64Array => {
  const random = generator(seed);
  return Float64Array.from({ length: count }, () => scale * gumbel(random));
};

describe("tiltTowards", () => {
  test("spends the whole threshold, and no distribution of the region has a larger mean", () => {
    fc.assert(
      fc.property(fc.nat(), fc.boolean(), fc.double({ min: 0.1, max: 8, noNaN: true }), (seed, beyond, threshold) => {
        const gains = gumbels(seed, 6, 1);
        const counts = Float64Array.of(5, 1, 3, 8, 2, 1);
        const unseen = beyond ? Math.max(...gains) + 2 : -Infinity;
        const best = new Float64Array(7);
        tiltTowards({ counts, total: 20 }, gains, unseen, threshold, best);
        const all = [...gains, beyond ? unseen : 0];
        const meanOf = (p: Float64Array) => p.reduce((sum, x, j) => sum + x * (all[j] as number), 0);
        const costOf = (p: Float64Array) =>
          counts.reduce((sum, n, j) => sum + n * Math.log(n / (20 * (p[j] as number))), 0);
        expect(best.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
        expect(costOf(best)).toBeCloseTo(threshold, 5);
        const random = generator(seed, 1);
        for (let trial = 0; trial < 20; trial++) {
          const other = best.map((p, j) => p * (beyond || j < 6 ? Math.exp(uniform(random) - 0.5) : 0));
          const sum = other.reduce((a, b) => a + b, 0);
          const scaled = other.map((p) => p / sum);
          if (costOf(scaled) <= threshold) expect(meanOf(scaled)).toBeLessThanOrEqual(meanOf(best) + 1e-7);
        }
      }),
      { numRuns: 100, seed: 31 },
    );
  });
});

describe("likelihoodInterval", () => {
  test("is z standard errors where weights are even", () => {
    const random = generator(5);
    const sample = residualSample(Float64Array.from({ length: 4_000 }, () => 0.1 * uniform(random)));
    const probabilities = sample.counts.map((count) => count / sample.total);
    const moments = momentsOf(sample.values, probabilities);
    for (const functional of functionals) {
      const variance = sample.values.reduce(
        (sum, x, j) => sum + (probabilities[j] as number) * functional.influence(x, moments) ** 2,
        0,
      );
      const [lower, upper] = likelihoodInterval(sample, functional, { threshold: 2, unseen: -Infinity });
      // z = 2; the skewness of 4,000 samples moves an end by some per cent
      const half = 2 * Math.sqrt(variance / sample.total);
      const estimate = functional.value(moments);
      expect((upper - estimate) / half).toBeCloseTo(1, 1);
      expect((estimate - lower) / half).toBeCloseTo(1, 1);
    }
  });

  test("holds the estimate, grows with the threshold and with what was not seen, and is never NaN", () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(0, 0.1, 1, 5), fc.boolean(), (seed, scale, forbidden) => {
        const residuals = gumbels(seed, 30, scale);
        if (forbidden) residuals[3] = -Infinity;
        const sample = residualSample(residuals);
        const moments = momentsOf(residuals, 1 / 30);
        for (const functional of forbidden ? [logMeanWeight, klFromTarget] : functionals) {
          const estimate = functional.value(moments);
          const seen = likelihoodInterval(sample, functional, { threshold: 2, unseen: -Infinity });
          const wide = likelihoodInterval(sample, functional, { threshold: 5, unseen: -Infinity });
          const more = likelihoodInterval(sample, functional, { threshold: 2, unseen: moments.tilted + 30 });
          expect([...seen, ...wide, ...more].some(Number.isNaN)).toBe(false);
          expect(seen[0]).toBeLessThanOrEqual(estimate + 1e-12);
          expect(seen[1]).toBeGreaterThanOrEqual(estimate - 1e-12);
          expect(wide[0]).toBeLessThanOrEqual(seen[0] + 1e-9);
          expect(wide[1]).toBeGreaterThanOrEqual(seen[1] - 1e-9);
          expect(more[1]).toBeGreaterThanOrEqual(seen[1] - 1e-9);
        }
      }),
      { numRuns: 60, seed: 37 },
    );
  });

  test("is the same, within a thousandth of its width, from groups of many samples", () => {
    const residuals = gumbels(11, 20_000, 0.4);
    const grouped = residualSample(residuals);
    expect(grouped.values.length).toBeLessThanOrEqual(4_096);
    const single = { values: residuals.toSorted(), counts: new Float64Array(20_000).fill(1), total: 20_000 };
    for (const functional of functionals) {
      const [a, b] = [grouped, single].map((sample) =>
        likelihoodInterval(sample, functional, { threshold: 7, unseen: -Infinity }),
      ) as [readonly [number, number], readonly [number, number]];
      const width = b[1] - b[0];
      expect(Math.abs(a[0] - b[0])).toBeLessThan(1e-3 * width);
      expect(Math.abs(a[1] - b[1])).toBeLessThan(1e-3 * width);
    }
  });
});
