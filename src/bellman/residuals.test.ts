import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arcsOf, table, tree } from "../space/index.ts";
import { logProbability, score } from "./policy.ts";
import { residuals } from "./residuals.ts";
import { toLogits } from "./soft-bellman.ts";
import { enumerate, isEmpty, unitOf } from "./testing/enumeration.ts";
import { rewardPairs, rewards } from "./testing/problems.ts";

describe("residuals", () => {
  test("vanish at M(r), to 1e-12 relative to max(1, |R|)", () => {
    fc.assert(
      fc.property(rewards, (reward) => {
        const listed = enumerate(reward);
        if (isEmpty(listed)) return;
        for (const level of residuals(toLogits(reward).logits, reward)) {
          for (const residual of level) expect(Math.abs(residual)).toBeLessThanOrEqual(1e-12 * unitOf(listed));
        }
      }),
      { numRuns: 200, seed: 41 },
    );
  });

  test("add up along a response to R(y) − V_q(start) − log p_q(y)", () => {
    fc.assert(
      fc.property(rewardPairs, ([student, target]) => {
        const listed = enumerate(student);
        if (isEmpty(listed)) return;
        const arm = toLogits(student);
        const levels = residuals(arm.logits, target);
        for (const response of listed.tokens) {
          const logP = logProbability(arm, response);
          if (logP === -Infinity) continue;
          const arcs = arcsOf(target.space, response) as number[];
          const sum = arcs.reduce((total, arc, depth) => total + ((levels[depth] as Float64Array)[arc] as number), 0);
          const expected = score(target, response) - arm.logPartition - logP;
          if (sum !== expected) expect(Math.abs(sum - expected)).toBeLessThanOrEqual(1e-11 * unitOf(listed));
        }
      }),
      { numRuns: 200, seed: 42 },
    );
  });

  test("refuse tables of the wrong kind", () => {
    const reward = table(tree({ tokens: 2, horizon: 1, eos: false }), "reward", () => 0);
    expect(() => residuals(reward, reward)).toThrow(/table of kind "logits", got "reward"/);
  });
});
