import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { automaton, END, layered, type Table, table, tableOf, tree } from "../space/index.ts";
import { armOf } from "./arm.ts";
import { EmptyModelError } from "./empty-model.ts";
import { logProbability } from "./policy.ts";
import { rewardAlong } from "./reward-along.ts";
import { type Arm, toLogits, toReward } from "./soft-bellman.ts";
import { enumerate, isEmpty, unitOf } from "./testing/enumeration.ts";
import { rewards } from "./testing/problems.ts";

// Acceptance 2: log-probabilities to 1e-12 relative to max(1, |R|). A response adds at most 4 rewards and 4 soft values of
// that size, each rounded to 1.1e-16 of it, so 1e-13 would also do.
const RELATIVE = 1e-12;

/** The canonical reward: −∞ on arcs into states that cannot finish. */
const canonical = (reward: Table, { values }: Arm): Table => ({
  ...reward,
  levels: reward.levels.map((level, depth) => {
    const layer = reward.space.layer(depth);
    const out = level.slice();
    for (let state = 0; state < layer.states; state++) {
      for (let arc = layer.firstArc(state); arc < layer.firstArc(state + 1); arc++) {
        const target = layer.target(arc, state);
        if (target !== END && values[depth + 1]?.[target] === -Infinity) out[arc] = -Infinity;
      }
    }
    return out;
  }),
});

const expectLevels = (actual: Table, expected: Table, tolerance: number) => {
  actual.levels.forEach((level, depth) => {
    level.forEach((x, arc) => {
      const y = expected.levels[depth]?.[arc] as number;
      expect(Number.isNaN(x)).toBe(false);
      if (x !== y) expect(Math.abs(x - y)).toBeLessThanOrEqual(tolerance);
    });
  });
};

describe("toLogits", () => {
  test("gives every response the probability that enumeration gives it", () => {
    fc.assert(
      fc.property(rewards, (reward) => {
        const listed = enumerate(reward);
        if (isEmpty(listed)) {
          expect(() => toLogits(reward)).toThrow(EmptyModelError);
          return;
        }
        const arm = toLogits(reward);
        const tolerance = RELATIVE * unitOf(listed);
        expect(Math.abs(arm.logPartition - listed.logPartition)).toBeLessThanOrEqual(tolerance);
        listed.tokens.forEach((response, index) => {
          const actual = logProbability(arm, response);
          const expected = listed.logProbabilities[index] as number;
          if (actual !== expected) expect(Math.abs(actual - expected)).toBeLessThanOrEqual(tolerance);
        });
      }),
      { numRuns: 400, seed: 1 },
    );
  });

  test("and toReward are inverse, up to arcs into dead states", () => {
    fc.assert(
      fc.property(rewards, (reward) => {
        if (isEmpty(enumerate(reward))) return;
        const arm = toLogits(reward);
        const tolerance = RELATIVE * unitOf(enumerate(reward));
        const back = toReward(arm.logits);
        expectLevels(back, canonical(reward, arm), tolerance);
        expectLevels(toLogits(back).logits, arm.logits, tolerance);
      }),
      { numRuns: 400, seed: 2 },
    );
  });

  test("refuses logits, and says where an empty model dies", () => {
    const space = tree({ tokens: ["a", "b"], horizon: 3, eos: true });
    const logits = table(space, "logits", () => 0);
    expect(() => toLogits(logits)).toThrow(/kind "reward", got "logits"/);
    expect(() => toReward({ ...logits, kind: "reward" })).toThrow(TypeError);
    const dead = table(space, "reward", (prefix, action) => (action === 2 || prefix.length > 0 ? -Infinity : 0));
    expect(() => toLogits(dead)).toThrow(/after the prefix \["a"\] every action is −∞/);
  });
});

describe("armOf", () => {
  test("makes logits that lead into dead states canonical", () => {
    const space = tree({ tokens: 2, horizon: 2, eos: false });
    const leaking = tableOf(space, "logits", [Float64Array.of(0, 1), Float64Array.of(0, 0, -Infinity, -Infinity)]);
    const arm = armOf(leaking);
    expect(arm.logits.levels[0]?.[1]).toBe(-Infinity);
    expect(Math.exp(logProbability(arm, [0, 1]))).toBeCloseTo(0.5, 15);
    expect(logProbability(arm, [1, 0])).toBe(-Infinity);
  });

  test("refuses logits from whose start nothing finishes", () => {
    const space = tree({ tokens: 2, horizon: 2, eos: false });
    const dead = tableOf(space, "logits", [Float64Array.of(0, 1), new Float64Array(4).fill(-Infinity)]);
    expect(() => armOf(dead)).toThrow(EmptyModelError);
  });
});

describe("rewardAlong", () => {
  test("agrees with M⁻¹ of the whole table", () => {
    fc.assert(
      fc.property(rewards, (reward) => {
        const listed = enumerate(reward);
        if (reward.space.kind !== "tree" || isEmpty(listed)) return;
        const { space, levels } = toLogits(reward).logits;
        const inverse = toReward({ space, kind: "logits", levels });
        const stateOf = (prefix: readonly number[]) => prefix.reduce((s, token) => s * space.tokens.length + token, 0);
        for (const response of listed.tokens) {
          const logits = (prefix: readonly number[]) => {
            const first = stateOf(prefix) * space.actions;
            return (levels[prefix.length] as Float64Array).subarray(first, first + space.actions);
          };
          const along = rewardAlong({ logits, response, eos: space.eos });
          along.forEach((actual, depth) => {
            const action = response[depth] ?? space.tokens.length;
            const expected = inverse.levels[depth]?.[stateOf(response.slice(0, depth)) * space.actions + action];
            if (actual !== expected) expect(actual).toBeCloseTo(expected as number, 9);
          });
        }
      }),
      { numRuns: 100, seed: 3 },
    );
  });

  test("refuses NaN and tokens that the logits lack", () => {
    expect(() => rewardAlong({ logits: () => [0, Number.NaN], response: [0], eos: false })).toThrow(/logit 1 after 0/);
    expect(() => rewardAlong({ logits: () => [0, 0], response: [5], eos: false })).toThrow(/token 5 at depth 0/);
  });
});

test("M costs the same arcs at any horizon on a homogeneous automaton, and shares its layers", () => {
  const machine = automaton({ tokens: ["a"], states: 1, start: 0, arcs: [[0, 0, 0]], accept: [0] });
  const space = layered(machine, { horizon: 2_000, eos: true });
  expect(new Set(space.layers).size).toBe(2);
  const shared = new Float64Array(2);
  const reward = tableOf(space, "reward", [...new Array(1_999).fill(shared), new Float64Array(1)]);
  expect(toLogits(reward).logPartition).toBeCloseTo(Math.log(2_000), 12);
});
