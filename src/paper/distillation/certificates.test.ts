import { describe, expect, test } from "vitest";
import type { Guarantees } from "../../bellman/index.ts";
import { CERTIFIED, type CertificateTrial, certificateTrial } from "./coverage.ts";
import { coverageSection } from "./coverage-section.ts";

describe("certificates of random students", () => {
  const trials: CertificateTrial[] = [];

  test("cover the exact values, at every difficulty, or warn of few effective samples", () => {
    for (let seed = 1_000; seed < 1_060; seed++) trials.push(certificateTrial(seed, 10_000));
    for (const key of CERTIFIED) {
      expect(trials.filter(({ misses }) => !misses.includes(key)).length).toBeGreaterThanOrEqual(0.9 * trials.length);
    }
    const missed = trials.filter(({ misses }) => misses.length > 0);
    expect(missed.filter(({ warned }) => warned).length).toBeGreaterThanOrEqual(0.9 * missed.length);
    // of 60 with a chance of 5 % at most, 9 or fewer but for a chance below 0.2 %
    expect(trials.filter(({ broken }) => broken.length > 0).length).toBeLessThanOrEqual(9);
    for (const { certificate, exact } of trials) {
      const { klBound, logPartition } = certificate.guarantees as Guarantees;
      // certain, up to rounding
      expect(exact.logPartition).toBeGreaterThanOrEqual(logPartition[0] - 1e-12);
      expect(exact.logPartition).toBeLessThanOrEqual(logPartition[1] + 1e-12);
      expect(Math.max(exact.klStudentTarget, exact.klTargetStudent)).toBeLessThanOrEqual(klBound + 1e-12);
    }
  });

  test("make a section that says so", () => {
    const section = coverageSection({ pairs: trials.length, samples: 10_000 }, trials);
    expect(section.findings.every(({ holds }) => holds)).toBe(true);
    const wrong = trials.map((trial) => ({ ...trial, misses: CERTIFIED, warned: false }));
    const findings = coverageSection({ pairs: trials.length, samples: 10_000 }, wrong).findings;
    expect(findings.map(({ holds }) => holds)).toEqual([false, false, false, false, true]);
  });
});

test("guarantees cover also with 20 samples, and of weights that no sample shows", () => {
  const trials = Array.from({ length: 200 }, (_, seed) => certificateTrial(seed, 20));
  // of 200 with a chance of 5 % at most, 20 or fewer but for a chance below 0.2 %
  expect(trials.filter(({ broken }) => broken.length > 0).length).toBeLessThanOrEqual(20);
});
