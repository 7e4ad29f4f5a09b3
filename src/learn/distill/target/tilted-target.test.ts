import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EmptyModelError, logProbability, score } from "../../../bellman/index.ts";
import { enumerate, isEmpty, unitOf } from "../../../bellman/testing/enumeration.ts";
import { randomTable, rewards } from "../../../bellman/testing/problems.ts";
import {
  type Automaton,
  accepts,
  automaton,
  keywords,
  layered,
  lengthRange,
  regex,
  table,
  tableOfArcs,
  tree,
} from "../../../space/index.ts";
import { type Feature, patternCount, patternOccurs, responseLength, scaled, sumOf, tableFeature } from "./feature.ts";
import { featureOfResponse } from "./feature-of-response.ts";
import { randomMachine } from "./testing/machines.ts";
import { tiltedTarget } from "./tilted-target.ts";

const logSum = (values: readonly number[]): number => {
  const max = Math.max(...values);
  return max === -Infinity ? max : max + Math.log(values.reduce((sum, x) => sum + Math.exp(x - max), 0));
};

const close = (actual: number, expected: number, within: number) => {
  if (actual !== expected) expect(Math.abs(actual - expected)).toBeLessThanOrEqual(within);
};

describe("against enumeration", () => {
  const problems = fc.record({
    reference: rewards,
    seed: fc.nat(),
    temperature: fc.constantFrom(0.3, 1, 4),
    constraints: fc.integer({ min: 0, max: 2 }),
  });

  /** A reward of every kind of part, and the same by its definition. */
  const rewardOf = (first: Automaton, second: Automaton, terms: ReturnType<typeof randomTable>) => {
    const feature = sumOf([
      scaled(patternOccurs(first), 1.5),
      scaled(sumOf([patternCount(second), scaled(responseLength(), 2)]), -0.25),
      tableFeature(terms),
    ]);
    const value = (y: readonly number[]) => {
      const beginnings = y.filter((_, t) => accepts(second, y.slice(0, t + 1))).length;
      return (accepts(first, y) ? 1.5 : 0) - 0.25 * beginnings - 0.5 * y.length + score(terms, y);
    };
    return { feature, value };
  };

  test("it is ρ·exp(R/β) over the accepted responses", () => {
    fc.assert(
      fc.property(problems, ({ reference, seed, temperature, constraints: count }) => {
        const listed = enumerate(reference);
        if (isEmpty(listed)) return;
        const { space } = reference;
        const machine = (i: number) => randomMachine(space.tokens, (seed + i) % 2 ** 31);
        const constraints = Array.from({ length: count }, (_, i) => machine(10 + i));
        const terms = randomTable(space, "reward", { seed, scale: 1, offset: 0, forbidden: seed % 3 === 0 ? 0.2 : 0 });
        const { feature, value } = rewardOf(machine(0), machine(1), terms);
        const accepted = listed.tokens.map((y, i) =>
          constraints.every((constraint) => accepts(constraint, y))
            ? (listed.logProbabilities[i] as number)
            : -Infinity,
        );
        const tilted = listed.tokens.map((y, i) => (accepted[i] as number) + value(y) / temperature);
        const target = () => tiltedTarget({ reference, reward: feature, temperature, constraints });
        if (logSum(tilted) === -Infinity) {
          expect(target).toThrow(EmptyModelError);
          return;
        }
        const made = target();
        // scores and R/β, up to about 20/0.3, are rounded to 1.1e-16 of their size
        const tolerance = 1e-12 * Math.max(unitOf(listed), 100);
        close(made.logAccepted, logSum(accepted), tolerance);
        close(made.arm.logPartition, logSum(tilted) - logSum(accepted), tolerance);
        for (const [i, y] of listed.tokens.entries()) {
          close(logProbability(made.arm, y), (tilted[i] as number) - logSum(tilted), tolerance);
          close(logProbability(made.reference, y), (accepted[i] as number) - logSum(accepted), tolerance);
          expect(featureOfResponse(feature, y)).toBeCloseTo(value(y), 12);
          if (accepted[i] !== -Infinity) close(score(made.reward, y), value(y), 1e-13 * 100);
        }
      }),
      { numRuns: 300, seed: 51 },
    );
  });

  test("a student on the reference's space keeps its probabilities on the target's", () => {
    fc.assert(
      fc.property(rewards, fc.nat(), (reference, seed) => {
        if (isEmpty(enumerate(reference))) return;
        const machine = randomMachine(reference.space.tokens, seed);
        const student = randomTable(reference.space, "logits", { seed: 3, scale: 1, offset: 0, forbidden: 0 });
        const listed = enumerate({ ...student, kind: "reward" });
        if (isEmpty(listed)) return;
        const { lift } = tiltedTarget({ reference, reward: patternOccurs(machine) });
        for (const y of listed.tokens) {
          expect(logProbability(lift(student), y)).toBeCloseTo(logProbability(student, y), 10);
        }
      }),
      { numRuns: 100, seed: 52 },
    );
  });
});

test("depths of a time-homogeneous reference go on sharing their numbers", () => {
  const tokens = ["a", "b"];
  const space = layered(lengthRange({ tokens, minimum: 0 }), { horizon: 40, eos: true });
  const level = Float64Array.of(Math.log(0.4), Math.log(0.4), Math.log(0.2));
  const reference = { space, kind: "logits", levels: [...Array(39).fill(level), Float64Array.of(0)] } as const;
  const { target, space: refined } = tiltedTarget({ reference, reward: patternOccurs(regex(".*ab.*", tokens)) });
  expect(refined.layer(0).states).toBe(3);
  expect(new Set(target.levels).size).toBe(2);
});

test("keywords over tokens of several characters count as texts do", () => {
  const space = tree({ tokens: ["jo", "an", "na"], horizon: 4, eos: true });
  const reward = patternOccurs(keywords({ tokens: space.tokens, must: ["ann"] }));
  const { arm } = tiltedTarget({ reference: table(space, "logits", () => 0), reward, temperature: 0.01 });
  expect(Math.exp(logProbability(arm, [1, 2]))).toBeGreaterThan(1e-3);
  expect(logProbability(arm, [0, 1])).toBeLessThan(-90);
});

describe("bad input", () => {
  const space = tree({ tokens: ["a", "b"], horizon: 3, eos: true });
  const reference = table(space, "logits", () => 0);
  const pattern = patternOccurs(regex(".*aa.*", space.tokens));
  const refuses = (options: Partial<Parameters<typeof tiltedTarget>[0]>, message: string | RegExp) =>
    expect(() => tiltedTarget({ reference, ...options })).toThrow(message);

  test.each([0, -1, Number.NaN, Infinity])("a temperature of %d", (temperature) => {
    refuses({ temperature }, `"temperature" must be a finite number > 0, got ${temperature}`);
  });

  test("constraints that leave nothing, by number", () => {
    const [some, none] = [regex("a+", space.tokens), regex("b+", space.tokens)];
    refuses(
      { constraints: [some, none] },
      "no response of the reference satisfies constraint 1 together with those before it",
    );
    refuses(
      { constraints: [regex("a{9}", space.tokens)] },
      "no response of the reference satisfies constraint 0: loosen it",
    );
    const merged = layered(lengthRange({ tokens: space.tokens, minimum: 0 }), { horizon: 3, eos: true });
    const ngram = tableOfArcs(merged, "logits", () => 0);
    refuses({ reference: ngram, constraints: [regex("a{9}", space.tokens)] }, "satisfies constraint 0: loosen it");
  });

  test("other tokens and other spaces", () => {
    const other = regex("c*", ["a", "c"]);
    refuses({ reward: patternOccurs(other) }, "the reference and an automaton of the target must have the same tokens");
    refuses({ constraints: [other] }, "the reference and an automaton of the target must have the same tokens");
    const short = table(tree({ tokens: ["a", "b"], horizon: 2, eos: true }), "reward", () => 0);
    refuses({ reward: tableFeature(short) }, "different spaces: the horizons are 3 and 2");
  });

  test("logits as a reward, weights that are not numbers, −∞ turned into +∞, numbers that overflow", () => {
    expect(() => tableFeature(reference)).toThrow('the table\'s reward must be a reward table, got "logits"');
    expect(() => scaled(pattern, Number.NaN)).toThrow("must be a finite number, got NaN");
    const forbidding = tableFeature(table(space, "reward", (_, action) => (action === 0 ? -Infinity : 0)));
    expect(() => scaled(forbidding, -1)).toThrow("must be > 0, since it forbids responses by −∞, got -1");
    const harmless: Feature = scaled(tableFeature(table(space, "reward", () => 1)), -1);
    expect(featureOfResponse(harmless, [0])).toBe(-2);
    refuses({ reward: scaled(pattern, 1e308) }, "a response's sum may overflow");
    refuses({ reward: pattern, temperature: 1e-310 }, "not allowed: use a finite number");
  });

  test("a reward that forbids everything", () => {
    refuses({ reward: tableFeature(table(space, "reward", () => -Infinity)) }, EmptyModelError as never);
  });

  test("an automaton without arcs is followed all the same", () => {
    const nothing = automaton({ tokens: space.tokens, states: 1, start: 0, arcs: [], accept: [] });
    const { arm } = tiltedTarget({ reference, reward: patternOccurs(nothing) });
    expect(arm.logPartition).toBeCloseTo(0, 14);
  });
});
