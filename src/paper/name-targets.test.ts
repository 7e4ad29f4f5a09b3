import { expect, test } from "vitest";
import { logProbability, type Model, sample } from "../bellman/index.ts";
import { fitSampledMoments, frontier, patternOccurs, responseLength, tiltedTarget } from "../learn/index.ts";
import { regex, textOf } from "../space/index.ts";
import { encode, firstNames, LETTERS, nameModel } from "./first-names.ts";

const model = nameModel(firstNames());
const containsAnn = patternOccurs(regex(".*ann.*", LETTERS), "contains ann");

test("the frontier of a pattern reward at twenty temperatures takes less than 2 s", () => {
  const temperatures = Array.from({ length: 20 }, (_, i) => 10 ** (1 - i / 8));
  // of processor time: what else runs on the machine does not count
  const begin = process.cpuUsage();
  const points = frontier(model, containsAnn, temperatures);
  const { user, system } = process.cpuUsage(begin);
  expect((user + system) / 1e6).toBeLessThan(2);
  for (const [i, point] of points.entries()) {
    const before = points[i - 1];
    if (before) expect([point.reward > before.reward, point.kl > before.kl]).toEqual([true, true]);
  }
  // the law of a reward of 0 or 1 has a closed form: p·e^{1/β} / (1 − p + p·e^{1/β})
  const [last] = points.slice(-1);
  const { logAccepted } = tiltedTarget({ reference: model, constraints: [regex(".*ann.*", LETTERS)] });
  for (const { temperature, reward, kl, logPartition } of points) {
    const odds = Math.exp(logAccepted + 1 / temperature) / -Math.expm1(logAccepted);
    expect(reward).toBeCloseTo(odds / (1 + odds), 12);
    expect(logPartition).toBeCloseTo(Math.log1p(Math.exp(logAccepted) * Math.expm1(1 / temperature)), 11);
    expect(kl).toBeLessThan(-logAccepted);
  }
  expect(last?.reward).toBeGreaterThan(0.999);
});

test("half of the names contain ann, and their mean length is 7: exactly, and by samples", async () => {
  const moments = [
    { feature: containsAnn, mean: 0.5 },
    { feature: responseLength(), mean: 7 },
  ];
  const exact = tiltedTarget({ reference: model, moments });
  for (const { achieved, wanted } of exact.moments) expect(Math.abs(achieved - wanted)).toBeLessThanOrEqual(1e-8);

  // one sample in a hundred of the model contains ann: a target of other moments proposes them more often
  const proposal = tiltedTarget({ reference: model, reward: containsAnn, temperature: 0.3 });
  const weighted = (from: Model, seed: number) => {
    const draws = sample(from, 5000, { seed });
    const names = Array.from({ length: draws.count }, (_, i) => textOf(model.space, draws.response(i)));
    const responses = names.map(encode);
    const reference = exact.reference;
    return {
      responses,
      logWeights: draws.logProbabilities.map((logP, i) => logProbability(reference, responses[i] as number[]) - logP),
    };
  };
  const fitted = await fitSampledMoments(weighted(proposal.arm, 1), moments, { check: weighted(exact.arm, 2) });
  expect(fitted.warnings).toEqual([]);
  for (const [
    k,
    { achieved, wanted, standardError, multiplier, multiplierStandardError },
  ] of fitted.moments.entries()) {
    expect(Math.abs(achieved - wanted)).toBeLessThan(2 * standardError);
    expect(Math.abs(multiplier - (exact.moments[k]?.multiplier as number))).toBeLessThan(3 * multiplierStandardError);
    expect(standardError).toBeLessThan(0.03 * wanted);
  }
});

test("what no names can have is refused by name", () => {
  const moments = [{ feature: responseLength("letters"), mean: 14 }];
  expect(() => tiltedTarget({ reference: model, moments })).toThrow(
    'the moment "letters" cannot be 14: on the support its feature lies between 0 and 13',
  );
});
