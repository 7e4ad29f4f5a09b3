import { describe, expect, test } from "vitest";
import { condition, mask } from "../../bellman/index.ts";
import { regex, type Table, table, tree } from "../../space/index.ts";
import { tableModel } from "../models/index.ts";
import { DeadEndError } from "./dead-end-error.ts";
import type { SamplerName } from "./settings.ts";
import { steered } from "./testing/run.ts";
import { exactly, noGuess, noisy, randomTable, tablePotential } from "./testing/table-wish.ts";
import type { Wish } from "./wish.ts";

const space = tree({ tokens: ["a", "b", "c"], horizon: 6, eos: true });
const model = randomTable(space, "logits", { seed: 21, scale: 1.2 });
const port = tableModel(model);
const nothing = table(space, "reward", () => 0);
const accepting = (pattern: string): Table => condition(nothing, regex(pattern, space.tokens));

/** A reward of 1.5 nats for each "b" after an "a". */
const soft = table(space, "reward", (prefix, action) => (action === 1 && prefix.at(-1) === 0 ? 1.5 : 0));

const wishes: readonly [name: string, reward: Table, hard: boolean][] = [
  ["ends in ab", accepting(".*ab"), true],
  ["three letters or four", accepting(".{3,4}"), true],
  ["cab somewhere, or bb at the start", accepting(".*cab.*|bb.*"), true],
  ["ab is worth 1.5 nats", soft, false],
  ["ends in cab", accepting(".*cab"), true],
];

const REPEATS = 400;

const estimatesOf = async (wish: Wish, sampler: SamplerName, logPartition: number): Promise<number[]> => {
  const ratios: number[] = [];
  for (let seed = 0; seed < REPEATS; seed++) {
    try {
      const { logPartition: found } = await steered(port, wish, { sampler, particles: 8, islands: 2, seed });
      ratios.push(Math.exp(found.estimate - logPartition));
    } catch (error) {
      // nothing lived: an estimate of 0, which the mean must count
      if (!(error instanceof DeadEndError)) throw error;
      ratios.push(0);
    }
  }
  return ratios;
};

const expectMeanOne = (ratios: readonly number[]): void => {
  const mean = ratios.reduce((a, b) => a + b, 0) / ratios.length;
  const variance = ratios.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (ratios.length - 1);
  expect(Math.abs(mean - 1)).toBeLessThan(3 * Math.sqrt(variance / ratios.length) + 1e-9);
};

describe(`over ${REPEATS} runs of SMC the mean of the estimate of Z is Z`, () => {
  test.each(wishes)("%s: without lookahead, with a rough one, by adaptive rejection", async (_, reward, hard) => {
    const { logPartition, guess } = exactly(model, reward);
    const wishOf = (ofGuess: typeof noGuess): Wish => ({
      potential: tablePotential(reward, ofGuess, hard),
      maximumTokens: 5,
    });
    expectMeanOne(await estimatesOf(wishOf(noGuess), "smc", logPartition));
    expectMeanOne(await estimatesOf(wishOf(noisy(guess, 2, 1)), "smc", logPartition));
    expectMeanOne(await estimatesOf(wishOf(noGuess), "adaptive-rejection", logPartition));
    const exactGuess = await steered(port, wishOf(guess), { particles: 4, seed: 1 });
    expect(exactGuess.logPartition.estimate).toBeCloseTo(logPartition, 10);
    expect(exactGuess.effectiveSampleSize).toBeCloseTo(4, 10);
  });

  test("masking runs into dead ends in over half of its attempts at one of them", async () => {
    const { finishes } = mask(model, regex(".*cab", space.tokens));
    expect(finishes).toBeLessThan(0.5);
    const wish = { potential: tablePotential(accepting(".*cab"), noGuess, true), maximumTokens: 5 };
    const { samples, guarantees } = await steered(port, wish, { sampler: "masking", particles: 4000, seed: 3 });
    const rate = samples.length / 4000;
    expect(Math.abs(rate - finishes)).toBeLessThan(3 * Math.sqrt((finishes * (1 - finishes)) / 4000));
    expect(guarantees[0]).toMatch(/^biased: .* % of 4000 attempts ran into a dead end/);
  });
});
