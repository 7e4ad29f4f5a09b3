import { describe, expect, test } from "vitest";
import { condition } from "../../bellman/index.ts";
import { regex, table, tree } from "../../space/index.ts";
import { type LanguageModel, tableModel } from "../models/index.ts";
import { type Potential, reward as programReward } from "../potentials/index.ts";
import { SAMPLERS, type SamplerName, type SteerOptions } from "./settings.ts";
import { steer } from "./steer.ts";
import { steered } from "./testing/run.ts";
import { exactly, noGuess, noisy, randomTable, tablePotential } from "./testing/table-wish.ts";
import type { Wish } from "./wish.ts";

const space = tree({ tokens: ["a", "b", "c"], horizon: 5, eos: true });
const model = randomTable(space, "logits", { seed: 5, scale: 1 });
const nothing = table(space, "reward", () => 0);
const reward = condition(nothing, regex(".*b.*c", space.tokens));
const potential = tablePotential(reward, noGuess, true);
const wish: Wish = { potential, maximumTokens: 4 };
/** One response weighs more than all others together. */
const heavy = programReward((all) => all.map(({ text }) => (text === "ca" ? 30 : 0)));
const samplers = Object.keys(SAMPLERS) as SamplerName[];

describe("every sampler", () => {
  test.each(samplers)("%s: the same seed gives the same run, whatever the model's timing", async (sampler) => {
    const options = { sampler, particles: 16, samples: 5, moves: 6, seed: 42 };
    const swift = await steered(tableModel(model), wish, options);
    const slow = await steered(slowly(tableModel(model)), wish, options);
    expect(slow).toEqual(swift);
    const other = await steered(tableModel(model), wish, { ...options, seed: 43 });
    expect(other.samples).not.toEqual(swift.samples);
  });

  test.each(samplers)(
    "%s: responses that meet the wish, shares that sum to 1, and what the model says of them",
    async (sampler) => {
      const { samples, guarantees, effectiveSampleSizes } = await steered(tableModel(model), wish, {
        sampler,
        particles: 64,
        moves: 6,
        seed: 1,
      });
      const exact = new Map(exactly(model, reward).responses.map((response) => [response.tokens.join(), response]));
      let sum = 0;
      for (const { text, tokens, logWeight, modelLogProbability } of samples) {
        expect(text).toMatch(/^.*b.*c$/);
        expect(modelLogProbability).toBeCloseTo(exact.get(tokens.join())?.logModel as number, 12);
        sum += Math.exp(logWeight);
      }
      expect(sum).toBeCloseTo(1, 12);
      expect(guarantees.length).toBeGreaterThan(1);
      expect(effectiveSampleSizes.length).toBeGreaterThan(1);
    },
  );

  test.each(samplers)("%s: one particle", async (sampler) => {
    const easy = { potential: tablePotential(nothing, noGuess, true), maximumTokens: 4 };
    const { samples, logPartition } = await steered(tableModel(model), easy, {
      sampler,
      particles: 1,
      moves: 3,
      seed: 1,
    });
    expect(samples.length).toBeGreaterThanOrEqual(1);
    expect(logPartition.estimate).toBeCloseTo(0, 12);
    expect(logPartition.interval[0]).toBeLessThanOrEqual(0);
    expect(Number.isNaN(logPartition.standardError)).toBe(false);
  });

  test.each(samplers)("%s: a wish that nothing meets", async (sampler) => {
    const nowhere = {
      potential: tablePotential(
        table(space, "reward", () => -Infinity),
        noGuess,
        true,
      ),
      maximumTokens: 4,
    };
    const run = steered(tableModel(model), nowhere, { sampler, particles: 4, attempts: 20, seed: 1 });
    await expect(run).rejects.toMatchObject({ name: "DeadEndError", step: 0 });
  });

  test.each(samplers)("%s: stops for a signal with its reason", async (sampler) => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const run = steered(tableModel(model), wish, { sampler, particles: 8, seed: 1, signal: controller.signal }, () =>
      controller.abort(reason),
    );
    await expect(run).rejects.toBe(reason);
  });
});

describe("sequential Monte Carlo", () => {
  test("streams responses as they grow, and asks for shared contexts once", async () => {
    const port = tableModel(model);
    const asked: number[] = [];
    const watched: LanguageModel = {
      ...port,
      next: (contexts, options) => {
        expect(new Set(contexts.map((context) => context.join())).size).toBe(contexts.length);
        asked.push(contexts.length);
        return port.next(contexts, options);
      },
    };
    const lengths: number[] = [];
    const result = await steered(
      watched,
      wish,
      { particles: 32, resampleBelow: 1, seed: 3 },
      ({ responses, step, modelCalls }) => {
        const now = responses();
        expect(now.length).toBe(32);
        lengths.push(Math.max(...now.map(({ tokens }) => tokens.length)));
        expect(modelCalls).toBe(asked.reduce((a, b) => a + b, 0));
        expect(step).toBe(lengths.length);
      },
    );
    expect(asked[0]).toBe(1);
    expect(lengths).toEqual([1, 2, 3, 4, 4]);
    expect(result.modelCalls).toBe(asked.reduce((a, b) => a + b, 0));
    for (const { ancestors, island } of result.resamplings) {
      expect(ancestors.length).toBe(8);
      expect(island).toBeLessThan(4);
    }
    expect(result.resamplings.length).toBeGreaterThan(0);
  });

  test("particles that all die say where, and what to do", async () => {
    // six letters, of which the rows do not tell that there is no room for them
    const late = condition(nothing, regex("(a|c){3,}bbb", space.tokens));
    const narrow = { potential: tablePotential(late, noGuess, true), maximumTokens: 4 };
    await expect(steered(tableModel(model), narrow, { particles: 2, seed: 3 })).rejects.toThrow(
      /^all 2 particles have died, the last after 4 tokens: take more particles, a lookahead, a higher limit of tokens, or a looser wish$/,
    );
  });

  test("a reward on whole responses, with guesses on partial ones, is estimated without bias", async () => {
    const byHand = table(space, "reward", (prefix, action) => (action === 3 ? prefix.length : 0));
    const { logPartition } = exactly(model, byHand);
    const complete = {
      name: "length",
      score: (all: readonly { tokens: readonly number[] }[]) =>
        Promise.resolve(Float64Array.from(all, ({ tokens }) => tokens.length)),
      partial: (all: readonly { tokens: readonly number[] }[]) =>
        Promise.resolve(Float64Array.from(all, ({ tokens }) => 1.5 * tokens.length - 0.5)),
    };
    const rewarded: Wish = {
      potential: tablePotential(nothing, noGuess, true),
      complete: [complete],
      maximumTokens: 4,
    };
    const estimates: number[] = [];
    for (let seed = 0; seed < 200; seed++) {
      const run = await steered(tableModel(model), rewarded, { particles: 8, seed });
      estimates.push(Math.exp(run.logPartition.estimate - logPartition));
      expect(run.logPartition.interval[1]).toBeGreaterThan(0);
    }
    const mean = estimates.reduce((a, b) => a + b, 0) / 200;
    const variance = estimates.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 199;
    expect(Math.abs(mean - 1)).toBeLessThan(3 * Math.sqrt(variance / 200));
  });

  test("intervals of log Z hold about as often as they say", async () => {
    const { logPartition, guess } = exactly(model, reward);
    const guided = { potential: tablePotential(reward, noisy(guess, 2, 1), true), maximumTokens: 4 };
    let held = 0;
    for (let seed = 0; seed < 200; seed++) {
      const { interval } = (await steered(tableModel(model), guided, { particles: 32, seed })).logPartition;
      if (interval[0] <= logPartition && logPartition <= interval[1]) held++;
    }
    // 95 % of 200, less four standard deviations
    expect(held).toBeGreaterThanOrEqual(178);
  });

  test("intervals of log Z allow for what no particle has found", async () => {
    const heldBy = async (rare: Wish, exact: number, options: SteerOptions): Promise<number> => {
      let held = 0;
      for (let seed = 0; seed < 200; seed++) {
        const { interval } = (await steered(tableModel(model), rare, { ...options, seed })).logPartition;
        if (interval[0] <= exact && exact <= interval[1]) held++;
      }
      return held;
    };
    // a reward on whole responses that few of them bring in: nothing tells of it before, and all islands may miss the same
    const late = randomTable(space, "reward", { seed: 9, scale: 1.6 });
    const { responses, logPartition } = exactly(model, late);
    const worth = new Map(responses.map(({ tokens, logReward }) => [tokens.join(), logReward]));
    const complete = {
      name: "late",
      score: (all: readonly { tokens: readonly number[] }[]) =>
        Promise.resolve(Float64Array.from(all, ({ tokens }) => worth.get(tokens.join()) as number)),
    };
    const rewarded = { potential: tablePotential(nothing, noGuess, true), complete: [complete], maximumTokens: 4 };
    expect(await heldBy(rewarded, logPartition, { particles: 64 })).toBeGreaterThanOrEqual(178);
    const warnings: string[] = [];
    for (let seed = 0; seed < 20; seed++) {
      warnings.push(...(await steered(tableModel(model), rewarded, { particles: 32, seed })).warnings);
    }
    expect(warnings[0]).toMatch(/take .*a better lookahead$/);
    // a dead end that is rarely met: most runs see equal weights alone
    const gap = table(space, "reward", (prefix) => (prefix.join() === "0,0,0" ? -Infinity : 0));
    const gapped = { potential: tablePotential(gap, noGuess, true), maximumTokens: 4 };
    for (const sampler of ["smc", "importance"] as const) {
      const held = await heldBy(gapped, exactly(model, gap).logPartition, { particles: 32, sampler });
      expect(held, sampler).toBeGreaterThanOrEqual(178);
    }
  });

  test("truncated rows are told, and Z is that of what was reported", async () => {
    const cut = tableModel(model, { top: 2 });
    const run = await steered(
      cut,
      { potential: tablePotential(nothing, noGuess, true), maximumTokens: 4 },
      { seed: 1 },
    );
    expect(run.guarantees.at(-1)).toMatch(/truncated.*lower bound/);
    expect(run.logPartition.estimate).toBeLessThan(-0.01);
  });
});

describe("what is refused", () => {
  const refused: [what: string, wish: Partial<Wish>, options: SteerOptions, names: RegExp][] = [
    ["no particles", {}, { particles: 0 }, /"particles" must be a whole number ≥ 1, got 0/],
    ["islands that do not divide", {}, { particles: 10, islands: 4 }, /"islands" must divide the 10 particles/],
    ["another sampler", {}, { sampler: "nuts" as SamplerName }, /"sampler" must be one of smc, .* got nuts/],
    ["a share above 1", {}, { resampleBelow: 2 }, /"resampleBelow" must be from 0 to 1, got 2/],
    ["a seed below 0", {}, { seed: -1 }, /"seed" must be a whole number/],
    ["no limit", { maximumTokens: Number.NaN }, {}, /"maximumTokens" must be a whole number ≥ 0, got NaN/],
    [
      "rejection of an unbounded reward",
      { potential: tablePotential(nothing) },
      { sampler: "rejection" },
      /"largest" is missing/,
    ],
    ["NaN in a row", { potential: spoiled(Number.NaN) }, {}, /"table" gave NaN for token 1 after ""/],
    ["+∞ in a row", { potential: spoiled(Infinity) }, {}, /"table" gave Infinity for token 1 after ""/],
    [
      "a short row",
      { potential: { ...potential, rows: () => Promise.resolve([new Float64Array(2)]) } },
      {},
      /"table" must give 1 rows of 4 numbers/,
    ],
    [
      "a score of NaN",
      { complete: [{ name: "judge", score: (all) => Promise.resolve(new Float64Array(all.length).fill(Number.NaN)) }] },
      {},
      /"judge" gave NaN for "/,
    ],
  ];
  test.each(refused)("%s", async (_, spoiledWish, options, names) => {
    await expect(steered(tableModel(model), { ...wish, ...spoiledWish }, options)).rejects.toThrow(names);
  });

  test("a wish that the potential knows to be impossible is refused before the model is asked", async () => {
    const port = tableModel(model);
    const impossible = { ...potential, start: () => ({ ...potential.start(), value: -Infinity }) };
    const run = steer(port, "", { potential: impossible, maximumTokens: 4 });
    await expect(run.next()).rejects.toThrow(/"table" is impossible/);
    expect(port.usage().calls).toBe(0);
  });
});

function spoiled(value: number): Potential {
  return {
    ...potential,
    rows: async (states) =>
      (await potential.rows(states)).map((row) => row.map((x, token) => (token === 1 ? value : x))),
  };
}

/** The same model, which takes its time, another time for each call. */
function slowly(port: LanguageModel): LanguageModel {
  let call = 0;
  return {
    ...port,
    next: async (contexts, options) => {
      await new Promise((resolve) => setTimeout(resolve, (call++ * 7) % 3));
      return port.next(contexts, options);
    },
  };
}

test("rejection tells how far it is also where nothing is kept", async () => {
  const rare = tablePotential(condition(nothing, regex("ccc.", space.tokens)), noGuess, true);
  const run = steer(
    tableModel(model),
    [],
    { potential: rare, maximumTokens: 4 },
    {
      sampler: "rejection",
      particles: 2,
      samples: 1000,
      attempts: 20,
      seed: 3,
    },
  );
  const shares: number[] = [];
  await expect(
    (async () => {
      for await (const { share } of run) shares.push(share as number);
    })(),
  ).rejects.toThrow(/none of 20 attempts met the wish/);
  expect(shares.at(-1)).toBeCloseTo(0.9, 12);
});

test("where rows are truncated, a dead end says so", async () => {
  const few = tableModel(model, { top: 1 });
  const [row] = await few.next([[]]);
  const first = row?.logProbabilities.findIndex((value) => value > -Infinity) as number;
  const others = [0, 1, 2].filter((token) => token !== first).map((token) => space.tokens[token]);
  const away = tablePotential(condition(nothing, regex(`[${others.join("")}].*`, space.tokens)), noGuess, true);
  await expect(steered(few, { potential: away, maximumTokens: 4 }, { seed: 1 })).rejects.toThrow(
    /no token of the model can begin .*; the model's rows were truncated and left out up to \d+ % .*: ask for more tokens/,
  );
});

test("warnings are about lookahead, not about a student", async () => {
  const { warnings } = await steered(
    tableModel(model),
    {
      potential: tablePotential(condition(nothing, regex("[^]*", space.tokens)), noGuess, false),
      maximumTokens: 4,
      complete: [heavy],
    },
    { sampler: "importance", particles: 400, seed: 2 },
  );
  expect(warnings.join()).toMatch(/take .*a better lookahead/);
  expect(warnings.join()).not.toMatch(/student/);
});
