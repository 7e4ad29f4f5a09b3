import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { entropy, generator, logProbability, toLogits, uniform } from "../bellman/index.ts";
import { enumerate, isEmpty, mean } from "../bellman/testing/enumeration.ts";
import { rewards } from "../bellman/testing/problems.ts";
import { type Table, tree } from "../space/index.ts";
import { armRisk, ebmRisk, type TabularRisk } from "./risk.ts";
import { zipfTarget } from "./targets.ts";

const models = { ebm: ebmRisk, arm: armRisk } as const;
const kinds = Object.keys(models) as (keyof typeof models)[];

/** Targets of moderate numbers, so that differences keep their digits. */
const targets = rewards.filter((target) => {
  const listed = enumerate(target);
  const finite = [...listed.scores].filter((score) => score > -Infinity);
  return !isEmpty(listed) && finite.every((score) => Math.abs(score) < 30);
});

/** Random finite parameters; −∞ stays where no response goes. */
const randomParameters = (risk: TabularRisk, seed: number): Float64Array => {
  const random = generator(seed);
  return risk.initial().map((x) => (x === -Infinity ? x : 2 * uniform(random) - 1));
};

const negativeLogLikelihood = (target: Table, model: Table): number => {
  const listed = enumerate(target);
  return mean(listed, (response) => -logProbability(model, response));
};

describe.each(kinds)("the risk of the %s", (kind) => {
  test("is the expected negative log-likelihood, by enumeration", () => {
    fc.assert(
      fc.property(targets, fc.nat(), (target, seed) => {
        const risk = models[kind](target);
        const parameters = randomParameters(risk, seed);
        const expected = negativeLogLikelihood(target, risk.table(parameters));
        expect(risk.evaluate(parameters, new Float64Array(risk.size))).toBeCloseTo(expected, 11);
        expect(risk.entropy).toBeCloseTo(entropy(target), 11);
      }),
      { numRuns: 60, seed: 21 },
    );
  });

  test("has the gradient that finite differences give", () => {
    fc.assert(
      fc.property(targets, fc.nat(), (target, seed) => {
        const risk = models[kind](target);
        const parameters = randomParameters(risk, seed);
        const gradient = new Float64Array(risk.size);
        const unused = new Float64Array(risk.size);
        risk.evaluate(parameters, gradient);
        const step = 1e-5;
        parameters.forEach((x, i) => {
          if (x === -Infinity) return;
          const at = (shift: number) => risk.evaluate(parameters.with(i, x + shift), unused);
          expect(gradient[i]).toBeCloseTo((at(step) - at(-step)) / (2 * step), 8);
        });
      }),
      { numRuns: 30, seed: 22 },
    );
  });
});

test.each(kinds)("a target of logits gives the %s the risk of its reward", (kind) => {
  const reward = zipfTarget(tree({ tokens: 3, horizon: 3, eos: true }), { seed: 3 });
  const [risk, same] = [models[kind](reward), models[kind](toLogits(reward).logits)];
  const parameters = randomParameters(risk, 8);
  const [gradient, sameGradient] = [new Float64Array(risk.size), new Float64Array(risk.size)];
  expect(same.evaluate(parameters, sameGradient)).toBeCloseTo(risk.evaluate(parameters, gradient), 13);
  for (let i = 0; i < risk.size; i++) expect(sameGradient[i]).toBeCloseTo(gradient[i] as number, 14);
});

test("an empty target is refused", () => {
  const space = tree({ tokens: 2, horizon: 2, eos: false });
  const levels = [new Float64Array(2).fill(-Infinity), new Float64Array(4)];
  expect(() => ebmRisk({ space, kind: "reward", levels })).toThrow(/the target is empty/);
});
