import { describe, expect, test } from "vitest";
import { armOf, condition, logProbability, mask, toLogits } from "../../bellman/index.ts";
import { regex, responses, type Table, table, tree } from "../../space/index.ts";
import { tableModel } from "../models/index.ts";
import { SAMPLERS, type SamplerName, type SteerOptions } from "./settings.ts";
import { chiSquareExcess, steered } from "./testing/run.ts";
import { exactly, noGuess, noisy, randomTable, tablePotential } from "./testing/table-wish.ts";
import type { Wish } from "./wish.ts";

const space = tree({ tokens: ["a", "b", "c"], horizon: 4, eos: true });
const model = randomTable(space, "logits", { seed: 5, scale: 1 });
const port = tableModel(model);
const machine = regex("a(bb|ca)|c.*", space.tokens);
const hardReward = condition(
  table(space, "reward", () => 0),
  machine,
);
const softReward = randomTable(space, "reward", { seed: 2, scale: 1, forbidden: 0.1 });
const all = [...responses(space)];
const places = new Map(all.map((tokens, i) => [tokens.join(), i]));

/** Counts of the last `count` responses of a run. */
const countsOf = async (wish: Wish, options: SteerOptions, count: number): Promise<number[]> => {
  const { samples } = await steered(port, wish, options);
  expect(samples.length).toBeGreaterThanOrEqual(count);
  const counts = all.map(() => 0);
  for (const { tokens } of samples.slice(-count)) {
    const place = places.get(tokens.join()) as number;
    counts[place] = (counts[place] as number) + 1;
  }
  return counts;
};

const lawOf = (reward: Table): number[] => {
  const exact = exactly(model, reward);
  return exact.responses.map(({ logWeight }) => Math.exp(logWeight - exact.logPartition));
};

const wishOf = (reward: Table, guess = noGuess): Wish => ({
  potential: tablePotential(reward, guess, reward === hardReward),
  maximumTokens: 3,
});

/** Above 4 standard deviations of Pearson's statistic a law is not as it should be. */
const LIMIT = 4;

describe("the law of the responses is the exact conditional", () => {
  test("rejection, exactly: a hard constraint, and a reward with its largest value", async () => {
    const hard = await countsOf(
      wishOf(hardReward),
      { sampler: "rejection", particles: 256, samples: 6000, seed: 1 },
      6000,
    );
    expect(chiSquareExcess(hard, lawOf(hardReward))).toBeLessThan(LIMIT);
    const largest = Math.max(...exactly(model, softReward).responses.map(({ logReward }) => logReward));
    const options = { sampler: "rejection", particles: 256, samples: 3000, seed: 1, largest } as const;
    expect(chiSquareExcess(await countsOf(wishOf(softReward), options, 3000), lawOf(softReward))).toBeLessThan(LIMIT);
  });

  test.each(["metropolis-hastings", "block-metropolis-hastings"] as const)(
    "%s, in the long run, from independent chains' last states",
    async (sampler) => {
      // the chains start far off: their first proposals follow a wild guess
      const wish = wishOf(softReward, noisy(noGuess, 3, 6));
      const counts = await countsOf(wish, { sampler, particles: 3000, moves: 40, seed: 4 }, 3000);
      expect(chiSquareExcess(counts, lawOf(softReward))).toBeLessThan(LIMIT);
    },
  );

  test("weighted particles that are drawn again, with exact lookahead", async () => {
    const wish = wishOf(softReward, exactly(model, softReward).guess);
    const counts = await countsOf(wish, { sampler: "importance", particles: 4000, samples: 4000, seed: 9 }, 4000);
    expect(chiSquareExcess(counts, lawOf(softReward))).toBeLessThan(LIMIT);
  });
});

test("masking follows the law of local masking, which is another one", async () => {
  const masked = toLogits(mask(model, machine).reward);
  const law = all.map((tokens) => Math.exp(logProbability(masked, tokens)));
  const { samples } = await steered(port, wishOf(hardReward), { sampler: "masking", particles: 6000, seed: 2 });
  const counts = all.map(() => 0);
  for (const { tokens } of samples) {
    const place = places.get(tokens.join()) as number;
    counts[place] = (counts[place] as number) + 1;
  }
  expect(chiSquareExcess(counts, law)).toBeLessThan(LIMIT);
  expect(chiSquareExcess(counts, lawOf(hardReward))).toBeGreaterThan(10 * LIMIT);
});

test("best of n takes the largest reward, and returns the model's own log-probability", async () => {
  const { samples, guarantees } = await steered(port, wishOf(softReward), {
    sampler: "best-of-n",
    particles: 2000,
    seed: 1,
  });
  const exact = exactly(model, softReward);
  const best = exact.responses.reduce((a, b) => (b.logReward > a.logReward ? b : a));
  expect(samples.length).toBe(1);
  expect(samples[0]?.tokens).toEqual(best.tokens);
  expect(samples[0]?.modelLogProbability).toBeCloseTo(logProbability(armOf(model), best.tokens), 12);
  expect(guarantees[0]).toMatch(/not the wished distribution/);
});

test("best of n: tries that find nothing take what is returned farther from the model, as far as it says", async () => {
  const exact = exactly(model, hardReward);
  const logModel = new Map(exact.responses.map(({ tokens, logModel }) => [tokens.join(), logModel]));
  const { samples, guarantees } = await steered(port, wishOf(hardReward), {
    sampler: "best-of-n",
    particles: 2,
    samples: 4000,
    seed: 3,
  });
  const counts = new Map<string, number>();
  for (const { tokens } of samples) counts.set(tokens.join(), (counts.get(tokens.join()) ?? 0) + 1);
  let divergence = 0;
  for (const [key, count] of counts) {
    const share = count / samples.length;
    divergence += share * (Math.log(share) - (logModel.get(key) as number));
  }
  const [, ofAll, ofReturned] = /≤ ([\d.]+) nats, where to find nothing .* makes it about ([\d.]+)$/.exec(
    guarantees[0] as string,
  ) as RegExpExecArray;
  expect(divergence).toBeGreaterThan(Number(ofAll));
  expect(divergence).toBeLessThan(Number(ofReturned));
});

test("log Z of every sampler is near the exact one, by its own error", async () => {
  const exact = exactly(model, hardReward);
  const wish = wishOf(hardReward, noisy(exact.guess, 2, 3));
  for (const sampler of Object.keys(SAMPLERS) as SamplerName[]) {
    const { logPartition, modelCalls } = await steered(port, wish, { sampler, particles: 400, seed: 11 });
    const { estimate, standardError, interval } = logPartition;
    expect(Math.abs(estimate - exact.logPartition), sampler).toBeLessThan(4 * standardError + 1e-12);
    expect(interval[0] <= exact.logPartition && exact.logPartition <= interval[1], sampler).toBe(true);
    expect(interval[1], sampler).toBeLessThanOrEqual(0);
    // the tree has 40 prefixes, and no context is asked for twice
    expect(modelCalls, sampler).toBeLessThanOrEqual(40);
  }
});
