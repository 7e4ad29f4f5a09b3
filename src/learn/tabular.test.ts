import { describe, expect, test } from "vitest";
import { compare, kl } from "../bellman/index.ts";
import { type Tree, tree } from "../space/index.ts";
import { type TabularStep, trainTabular } from "./tabular.ts";
import { zipfTarget } from "./targets.ts";

const lastOf = (steps: Iterable<TabularStep>): TabularStep => {
  let last: TabularStep | undefined;
  for (const step of steps) last = step;
  return last as TabularStep;
};

const spaces: [string, Tree][] = [
  ["4,096 responses of exactly 4 of 8 tokens", tree({ tokens: 8, horizon: 4, eos: false })],
  ["585 responses of at most 3 of 8 tokens and EOS", tree({ tokens: 8, horizon: 4, eos: true })],
];

describe.each(spaces)("3,000 steps on %s", (_, space) => {
  const target = zipfTarget(space, { seed: 7 });

  test.each(["ebm", "arm"] as const)("bring the %s within 1e-6 nats of the entropy", (kind) => {
    const last = lastOf(trainTabular(kind, target, { every: 3000 }));
    expect(last.step).toBe(3000);
    expect(Math.abs(last.gap)).toBeLessThan(1e-6);
    expect(Math.abs(kl(target, last.table()) - last.gap)).toBeLessThan(1e-12);
    expect(compare(target, last.table()).kl.reverse).toBeLessThan(1e-6);
  });
});

test("yields the initial model, every so many steps, and the last", () => {
  const target = zipfTarget(tree({ tokens: 2, horizon: 2, eos: false }), { seed: 1 });
  const steps = [...trainTabular("arm", target, { steps: 25, every: 10 })];
  expect(steps.map(({ step }) => step)).toEqual([0, 10, 20, 25]);
  expect(steps[0]?.risk).toBeCloseTo(Math.log(4), 14);
});

test("refuses steps that are not whole numbers ≥ 1", () => {
  const target = zipfTarget(tree({ tokens: 2, horizon: 2, eos: false }), { seed: 1 });
  expect(() => [...trainTabular("ebm", target, { steps: 0 })]).toThrow(/"steps" must be a whole number ≥ 1, got 0/);
});
