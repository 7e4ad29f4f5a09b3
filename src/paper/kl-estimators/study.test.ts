import { describe, expect, test } from "vitest";
import { kl } from "../../bellman/index.ts";
import { batchOf, forwardKl, noisyTarget, reverseKl } from "../../learn/index.ts";
import { responses, type Table, tree } from "../../space/index.ts";
import { limitOf } from "./estimate-batch.ts";
import { KL_ESTIMATORS, type KlEstimator } from "./estimators.ts";
import { settingOf } from "./setting.ts";
import { type KlEstimatorRow, klEstimatorStudy } from "./study.ts";

const space = tree({ tokens: 3, horizon: 3, eos: true });
const models = {
  student: noisyTarget(space, { seed: 1, noise: 0.7 }),
  reference: noisyTarget(space, { seed: 2, noise: 0.7 }),
  behaviour: noisyTarget(space, { seed: 3, noise: 0.3 }),
};
const setting = settingOf(models);
const all = batchOf(space, [...responses(space)]);
const limit = (id: string) => limitOf(KL_ESTIMATORS.find((one) => one.id === id) as KlEstimator, setting, all);

const close = (x: Float64Array, y: Float64Array): void => {
  for (let i = 0; i < x.length; i++) expect(Math.abs((x[i] as number) - (y[i] as number))).toBeLessThan(1e-12);
};

/** By theory, in the limit of large batches. */
const UNBIASED_VALUES = ["k1-loss", "k1-reward", "k3-sequence", "k3-token", "full-loss", "full-score", "k1-weighted"];
const UNBIASED_GRADIENTS = ["k1-reward", "k2-sequence", "full-score", "k1-weighted"];

describe("limits of large batches", () => {
  test.each(KL_ESTIMATORS.map(({ id }) => id))(
    "%s has the exact divergence as its value where theory says so",
    (id) => {
      const error = Math.abs(limit(id).value - kl(models.student, models.reference));
      if (UNBIASED_VALUES.includes(id)) expect(error).toBeLessThan(1e-12);
      else expect(error).toBeGreaterThan(1e-3);
    },
  );

  test.each(UNBIASED_GRADIENTS)("%s has the exact gradient", (id) => {
    const objective = reverseKl(models.reference);
    close(limit(id).gradient, setting.gradient);
    expect(setting.gradient.length).toBe(objective.size);
  });

  test("k1 as a loss has no gradient", () => {
    expect(limit("k1-loss").gradient.every((g) => Math.abs(g) < 1e-12)).toBe(true);
  });

  test("k3 of whole responses as a loss has the gradient of the forward divergence", () => {
    const objective = forwardKl(models.reference);
    const student = Float64Array.from(setting.student.levels.flatMap((level) => [...level]));
    close(limit("k3-sequence").gradient, objective.gradient(student));
  });

  test("k2 per token and the Rao-Blackwellised loss have one gradient, and the mean over tokens is it over the mean length", () => {
    const whole = limit("full-loss");
    close(limit("k2-token").gradient, whole.gradient);
    const mean = limit("full-token-mean");
    const length = whole.value / mean.value;
    expect(length).toBeCloseTo(klEstimatorStudy({ seed: 1, draws: 2, models }).expectedLength, 11);
    close(
      mean.gradient.map((g) => length * g),
      whole.gradient,
    );
  });

  test("on responses of one token, tokens and responses are the same", () => {
    const short = tree({ tokens: 4, horizon: 1, eos: false });
    const single = settingOf({
      student: noisyTarget(short, { seed: 1 }),
      reference: noisyTarget(short, { seed: 2 }),
      behaviour: noisyTarget(short, { seed: 3 }),
    });
    const each = batchOf(short, [...responses(short)]);
    for (const id of ["k2-token", "full-token-mean", "full-loss", "full-score", "k3-token-weighted"]) {
      const estimator = KL_ESTIMATORS.find((one) => one.id === id) as KlEstimator;
      close(limitOf(estimator, single, each).gradient, single.gradient);
    }
  });

  test("where the older student is the student, weights change nothing", () => {
    const same = settingOf({ ...models, behaviour: models.student });
    const pairs = [
      ["k3-stale", "k3-token"],
      ["k1-weighted", "k1-reward"],
      ["k3-token-weighted", "k2-token"],
    ] as const;
    for (const ids of pairs) {
      const [x, y] = ids.map((id) => limitOf(KL_ESTIMATORS.find((one) => one.id === id) as KlEstimator, same, all));
      close((x as { gradient: Float64Array }).gradient, (y as { gradient: Float64Array }).gradient);
    }
  });
});

describe("sampled", () => {
  const study = klEstimatorStudy({ seed: 5, draws: 1500 });
  const row = (id: string) => study.rows.find((one) => one.id === id) as KlEstimatorRow;

  test.each(KL_ESTIMATORS.map(({ id }) => id))("%s scatters about its limit", (id) => {
    const { value, gradient } = row(id);
    // the one ratio of means: over n responses it is biased by O(1/n), below 1/√n of its scatter, which is O(1/√n) itself
    const slack = id === "full-token-mean" ? value.standardDeviation / Math.sqrt(study.batch) : 0;
    expect(Math.abs(value.bias - (value.limit - study.kl))).toBeLessThan(4 * value.biasStandardError + slack);
    if (UNBIASED_GRADIENTS.includes(id)) {
      expect(gradient.limitDistance).toBeLessThan(1e-12);
      expect(Math.abs(gradient.bias)).toBeLessThan(4 * gradient.biasStandardError);
      // by chance the squared length has its mean at 1, and some 100 numbers share in it: 1.5² is 9 standard deviations away
      expect(gradient.distance).toBeLessThan(1.5 * gradient.distanceByChance);
    } else {
      expect(gradient.limitDistance).toBeGreaterThan(0.05);
      expect(gradient.distance).toBeGreaterThan(1.5 * gradient.distanceByChance);
    }
  });

  test("Rao-Blackwellised values scatter less than k1's", () => {
    expect(row("full-loss").value.standardDeviation).toBeLessThan(row("k1-loss").value.standardDeviation);
  });

  test("a seed gives the same rows", () => {
    const options = { seed: 5, draws: 3 };
    expect(klEstimatorStudy(options)).toEqual(klEstimatorStudy(options));
  });
});

test("refuses counts below 2, and models that differ in space or support", () => {
  expect(() => klEstimatorStudy({ seed: 1, batch: 1 })).toThrow(/"batch" must be a whole number ≥ 2, got 1/);
  expect(() => klEstimatorStudy({ seed: 1, draws: 1.5 })).toThrow(/"draws" must be a whole number ≥ 2, got 1.5/);
  const elsewhere = noisyTarget(tree({ tokens: 2, horizon: 3, eos: true }), { seed: 2 });
  expect(() => settingOf({ ...models, reference: elsewhere })).toThrow(/the models live on different spaces/);
  const [first, ...rest] = models.reference.levels;
  const narrow: Table = { ...models.reference, levels: [(first as Float64Array).with(0, -Infinity), ...rest] };
  expect(() => settingOf({ ...models, reference: narrow })).toThrow(/must allow the same actions/);
});
