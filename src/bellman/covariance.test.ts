import fc from "fast-check";
import { expect, test } from "vitest";
import { arcsOf, table, tree } from "../space/index.ts";
import { covariance } from "./covariance.ts";
import { EmptyModelError } from "./empty-model.ts";
import { expectation } from "./expectation.ts";
import { enumerate, isEmpty, mean, unitOf } from "./testing/enumeration.ts";
import { randomTable, rewards } from "./testing/problems.ts";

test("means and covariances are those of all responses", () => {
  fc.assert(
    fc.property(rewards, fc.integer({ min: 0, max: 3 }), (reward, size) => {
      const listed = enumerate(reward);
      if (isEmpty(listed)) {
        expect(() => covariance(reward, [])).toThrow(EmptyModelError);
        return;
      }
      const features = Array.from(
        { length: size },
        (_, k) => randomTable(reward.space, "reward", { seed: 50 + k, scale: 1, offset: 0, forbidden: 0 }).levels,
      );
      const values = features.map((levels) =>
        listed.tokens.map((response) =>
          (arcsOf(reward.space, response) as number[]).reduce((sum, arc, t) => sum + (levels[t]?.[arc] as number), 0),
        ),
      );
      const means = values.map((column) => mean(listed, (_, i) => column[i] as number));
      const actual = covariance(reward, features);
      // scores are rounded to 1.1e-16 of their size, which probabilities carry as a relative error; features reach about 20
      const unit = 1e-12 * unitOf(listed);
      for (const [k, left] of values.entries()) {
        expect(Math.abs((actual.means[k] as number) - (means[k] as number))).toBeLessThanOrEqual(20 * unit);
        for (const [l, right] of values.entries()) {
          const expected = mean(
            listed,
            (_, i) => ((left[i] as number) - (means[k] as number)) * ((right[i] as number) - (means[l] as number)),
          );
          expect(Math.abs((actual.covariance[k * size + l] as number) - expected)).toBeLessThanOrEqual(400 * unit);
        }
      }
    }),
    { numRuns: 200, seed: 41 },
  );
});

test("one feature has the variance of expectation", () => {
  fc.assert(
    fc.property(rewards, (reward) => {
      if (isEmpty(enumerate(reward))) return;
      const { levels } = randomTable(reward.space, "reward", { seed: 7, scale: 1, offset: 0, forbidden: 0 });
      const { means, covariance: square } = covariance(reward, [levels]);
      const { mean: first, variance } = expectation(reward, levels);
      // the same sums in another order
      expect(Math.abs((means[0] as number) - first)).toBeLessThanOrEqual(1e-13 * (1 + Math.abs(first)));
      expect(Math.abs((square[0] as number) - variance)).toBeLessThanOrEqual(1e-12 * (1 + variance));
    }),
    { numRuns: 100, seed: 42 },
  );
});

test("numbers that are missing or not finite are refused by place", () => {
  const fair = table(tree({ tokens: 2, horizon: 1, eos: false }), "reward", () => 0);
  expect(() => covariance(fair, [[Float64Array.of(0)]])).toThrow(
    '"features[0][0]" must hold 2 numbers, one per arc, got 1',
  );
  expect(() => covariance(fair, [[Float64Array.of(0, -Infinity)]])).toThrow(
    '"features[0][0][1]" is -Infinity on an action of positive probability',
  );
});
