import { describe, expect, test } from "vitest";
import { type Constraint, matches, oneOf, tokenLength } from "../constraints/index.ts";
import type { LanguageModel } from "../models/index.ts";
import { constrain, reward } from "../potentials/index.ts";
import { type SteerOptions, steer, type Wish } from "../samplers/index.ts";
import {
  logSum,
  modelScore,
  proposalAlong,
  randomModel,
  smallVocabulary,
  sumAlong,
  tokenSequences,
} from "../testing/small-models.ts";
import { exactLookahead } from "./exact-lookahead.ts";

/** "é" whole, in parts, and joined with what is around it. */
const SPELLINGS = ["a", "b", "ab", "é", [0xc3], [0xa9], [0xa9, 0x62]];
const END = SPELLINGS.length;
const MAXIMUM = 4;
const PROMPT = [2, 0];

const CONSTRAINTS: readonly Constraint[] = [
  oneOf(["ab", "aé", "b", "éb", "abab"]),
  matches("a{0,2}(é|b)?b{0,2}"),
  oneOf(["aéb"]),
];

describe("exact lookahead", () => {
  const model = randomModel(SPELLINGS, { seed: 3 });
  const sequences = tokenSequences(END, MAXIMUM);

  test.each(CONSTRAINTS)(
    "$name: the price, the responses and the weights are those of enumeration",
    async (constraint) => {
      const potential = constrain(constraint, model.vocabulary, { maximumTokens: MAXIMUM });
      const exact = await exactLookahead(model, PROMPT, potential, { tolerance: 0 });
      const byText = new Map<string, number[]>();
      for (const tokens of sequences) {
        if ((await sumAlong(potential, tokens, END)) === -Infinity) {
          expect(await sumAlong(exact.potential, tokens, END)).toBe(-Infinity);
          continue;
        }
        const text = model.vocabulary.decode(tokens);
        byText.set(text, [...(byText.get(text) ?? []), await modelScore(model, PROMPT, tokens)]);
        // φ is what it was, all weights are 1
        expect(await sumAlong(exact.potential, tokens, END)).toBeCloseTo(0, 12);
        const { logWeights } = await proposalAlong(model, PROMPT, exact.potential, tokens);
        for (const logWeight of logWeights) expect(Math.abs(logWeight)).toBeLessThan(1e-12);
      }
      const logZ = logSum([...byText.values()].flat());
      expect(Math.abs(exact.logPartition - logZ)).toBeLessThan(1e-12);
      expect(exact.potential.start().value).toBeCloseTo(logZ, 12);
      expect(exact.error).toBe(0);
      // texts that have no spelling of so few tokens have probability 0
      const possible = exact.responses.filter(({ logProbability }) => logProbability > -Infinity);
      expect(possible.map(({ text }) => text).toSorted()).toEqual([...byText.keys()].toSorted());
      for (const { text, logProbability } of possible) {
        expect(Math.abs(logProbability - logSum(byText.get(text) ?? []))).toBeLessThan(1e-12);
      }
    },
  );

  test.each(["model", "model with zeros"])("%s: a tolerance bounds what each text may miss", async (kind) => {
    const sharp = randomModel(SPELLINGS, { seed: 11, sharpness: 4, zeros: kind !== "model" });
    const potential = constrain(oneOf(["ababab", "abab", "aébéb", "éééé"]), sharp.vocabulary, { maximumTokens: 9 });
    const exact = await exactLookahead(sharp, [], potential, { tolerance: 0 });
    for (const tolerance of [1e-1, 1e-3]) {
      const near = await exactLookahead(sharp, [], potential, { tolerance });
      expect(near.nodes).toBeLessThanOrEqual(exact.nodes);
      expect(near.error).toBeLessThanOrEqual(tolerance);
      const found = new Map(near.responses.map(({ text, logProbability }) => [text, logProbability]));
      for (const { text, logProbability } of exact.responses) {
        if (logProbability === -Infinity) continue;
        expect(logProbability - (found.get(text) as number)).toBeGreaterThanOrEqual(-1e-12);
        expect(logProbability - (found.get(text) as number)).toBeLessThanOrEqual(near.error + 1e-12);
      }
      // Û at the start is an upper bound, and weights stay unbiased: E w = Z / exp Û
      expect(near.potential.start().value).toBeGreaterThanOrEqual(exact.logPartition - 1e-12);
      expect(near.potential.start().value).toBeLessThanOrEqual(exact.logPartition + 2 * tolerance);
      // what a run is told: log Z lies between what was found and what may have been left out
      const [lower, upper] = near.potential.logPartition?.interval ?? [Number.NaN, Number.NaN];
      expect(lower).toBeLessThanOrEqual(exact.logPartition + 1e-12);
      expect(upper).toBeGreaterThanOrEqual(exact.logPartition - 1e-12);
      if (near.nodes < exact.nodes) expect(upper).toBeGreaterThan(lower);
    }
  });

  test("values that leave spellings out change no response's weight", async () => {
    const potential = constrain(oneOf(["abab", "aéb"]), model.vocabulary, { maximumTokens: MAXIMUM });
    const near = await exactLookahead(model, PROMPT, potential, { tolerance: 0.5 });
    for (const tokens of sequences) {
      const phi = await sumAlong(potential, tokens, END);
      const sum = await sumAlong(near.potential, tokens, END);
      if (phi === -Infinity) expect(sum).toBe(-Infinity);
      else expect(sum).toBeCloseTo(0, 12);
    }
  });

  test("canonical spellings: one for each text, and another target", async () => {
    const potential = constrain(oneOf(["ab", "aéb", "abab"]), model.vocabulary, { maximumTokens: MAXIMUM });
    const exact = await exactLookahead(model, PROMPT, potential, { spellings: "canonical", tolerance: 0 });
    for (const { text, logProbability } of exact.responses) {
      const tokens = await model.vocabulary.encode(text);
      expect(logProbability).toBeCloseTo(await modelScore(model, PROMPT, tokens), 12);
      expect(await sumAlong(exact.potential, tokens, END)).toBeCloseTo(0, 12);
    }
    expect(await sumAlong(exact.potential, [0, 1], END)).toBe(-Infinity);
    expect(exact.nodes).toBeLessThan(8);
  });

  test("two thousand responses equal brute force", async () => {
    const wide = randomModel([..."abcdefgh"], { seed: 21 });
    const texts = new Set<string>();
    for (let i = 0; texts.size < 2000; i++)
      texts.add((i * 7919 + 12345).toString(8).replaceAll(/\d/g, (d) => "abcdefgh"[Number(d)] as string));
    const potential = constrain(oneOf([...texts]), wide.vocabulary, { maximumTokens: 12 });
    const exact = await exactLookahead(wide, [], potential);
    for (const { text, logProbability } of exact.responses) {
      const tokens = [...text].map((letter) => "abcdefgh".indexOf(letter));
      expect(Math.abs(logProbability - (await modelScore(wide, [], tokens)))).toBeLessThan(1e-12);
    }
    expect(exact.responses).toHaveLength(2000);
  });

  test("long texts of tiny probability do not underflow", async () => {
    const text = "ab".repeat(400);
    const potential = constrain(oneOf([text]), model.vocabulary);
    const exact = await exactLookahead(model, [], potential, { spellings: "canonical" });
    expect(exact.logPartition).toBeLessThan(-745);
    expect(exact.logPartition).toBeCloseTo(await modelScore(model, [], await model.vocabulary.encode(text)), 9);
  });

  test.each([
    [matches("a*"), {}, /allows endlessly many texts/],
    [matches("[ab]{20}"), {}, /allows 1,048,576 texts.*the limit is 10,000/],
    [oneOf(["abababababab"]), { maximumNodes: 20, tolerance: 0 }, /"maximumNodes" is 20: raise it/],
    [oneOf(["a"]), { tolerance: -1 }, /"tolerance" must be at least 0/],
    [oneOf(["a"]), { spellings: "some" as "all" }, /"spellings" must be "all" or "canonical", got "some"/],
  ])("$name: refused, with the number", async (constraint, options, message) => {
    const potential = constrain(constraint, model.vocabulary);
    await expect(exactLookahead(model, [], potential, options)).rejects.toThrow(message);
  });

  test("a model that gives them probability 0 is said", async () => {
    const none = {
      ...model,
      next: (contexts: readonly unknown[]) =>
        Promise.resolve(
          contexts.map(() => ({
            logProbabilities: new Float64Array(END + 1).fill(-Infinity).fill(0, END),
            missing: 0,
          })),
        ),
    };
    const potential = constrain(oneOf(["a", "b"]), model.vocabulary);
    await expect(exactLookahead(none, [], potential)).rejects.toThrow(/gives probability 0 to all 2 texts/);
  });

  describe("a run tells log Z as lookahead has computed it", () => {
    const potential = constrain(oneOf(["ab", "aé", "b", "abab"]), model.vocabulary, { maximumTokens: MAXIMUM });
    const told = async (wish: Wish, by: LanguageModel, prompt: readonly number[], options: SteerOptions = {}) => {
      const run = steer(by, prompt, wish, { particles: 8, seed: 5, ...options });
      let step = await run.next();
      while (!step.done) step = await run.next();
      return step.value;
    };
    const isExact = (guarantees: readonly string[]) => guarantees.some((text) => text.startsWith("exact: log Z"));

    test.each(["smc", "importance", "masking"] as const)("%s", async (sampler) => {
      const scores: number[] = [];
      for (const tokens of sequences) {
        if ((await sumAlong(potential, tokens, END)) > -Infinity) scores.push(await modelScore(model, PROMPT, tokens));
      }
      const ahead = await exactLookahead(model, PROMPT, potential, { tolerance: 1e-3 });
      const wish = { potential: ahead.potential, maximumTokens: MAXIMUM };
      const { logPartition, guarantees } = await told(wish, model, PROMPT, { sampler });
      const [lower, upper] = logPartition.interval;
      expect(logPartition).toMatchObject({ estimate: ahead.logPartition, standardError: 0, exact: true });
      expect(lower - 1e-12).toBeLessThanOrEqual(logSum(scores));
      expect(logSum(scores)).toBeLessThanOrEqual(upper + 1e-12);
      expect(upper - lower).toBeLessThanOrEqual(2e-3);
      expect(isExact(guarantees)).toBe(true);
      expect(guarantees.join()).not.toMatch(/unbiased|Markov|interval/);
    });

    test("but not where the model, the prompt, the limit or the wish is another", async () => {
      const ahead = await exactLookahead(model, PROMPT, potential);
      const wish = { potential: ahead.potential, maximumTokens: MAXIMUM };
      const length = reward((responses) => responses.map(({ tokens }) => tokens.length), { name: "length" });
      const runs = [
        await told(wish, { ...model }, PROMPT),
        await told(wish, model, [0]),
        await told({ ...wish, maximumTokens: MAXIMUM - 1 }, model, PROMPT),
        await told({ ...wish, complete: [length] }, model, PROMPT),
      ];
      for (const { logPartition, guarantees } of runs) {
        expect(logPartition.standardError).toBeGreaterThan(0);
        expect(logPartition.exact).toBeUndefined();
        expect(isExact(guarantees)).toBe(false);
      }
    });
  });

  test("a bound on tokens is kept", async () => {
    const vocabulary = smallVocabulary(SPELLINGS);
    const potential = constrain(
      { ...oneOf(["ab"]), minimumTokens: tokenLength({ minimum: 2 }).minimumTokens },
      vocabulary,
      { maximumTokens: 4 },
    );
    const { logPartition } = await exactLookahead(model, [], potential, { tolerance: 0 });
    expect(logPartition).toBeCloseTo(await modelScore(model, [], [0, 1]), 12);
  });
});
