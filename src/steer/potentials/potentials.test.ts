import { describe, expect, test } from "vitest";
import { matches } from "../constraints/index.ts";
import { modelScore, randomModel, smallVocabulary, sumAlong, tokenSequences } from "../testing/small-models.ts";
import { constrain } from "./constrain.ts";
import { expert } from "./expert.ts";
import type { ResponseText } from "./potential.ts";
import { productOf } from "./product.ts";
import { reward } from "./reward.ts";

const SPELLINGS = ["a", "b", "ab"];
const END = 3;

describe("an expert and a product", () => {
  const model = randomModel(SPELLINGS, { seed: 5 });
  const sequences = tokenSequences(3, 3);

  test("an expert's rows add up to α times the other model's log-probability, after its own prompt", async () => {
    for (const weight of [0.5, -2]) {
      const potential = expert(model, smallVocabulary(SPELLINGS), { weight, prompt: [1, 0] });
      for (const tokens of sequences) {
        const exact = weight * (await modelScore(model, [1, 0], tokens));
        expect(await sumAlong(potential, tokens, END)).toBeCloseTo(exact, 12);
      }
    }
  });

  test("a product's rows add up to the sum", async () => {
    const constraint = constrain(matches("(ab)*"), model.vocabulary, { maximumTokens: 3 });
    const other = expert(model, model.vocabulary, { weight: 1, prompt: [] });
    const product = productOf([constraint, other]);
    expect(product.hard).toBe(false);
    for (const tokens of sequences) {
      const parts = (await sumAlong(constraint, tokens, END)) + (await sumAlong(other, tokens, END));
      expect(await sumAlong(product, tokens, END)).toBe(parts);
    }
    const { state } = product.start();
    const [row] = await product.rows([state]);
    expect(await product.at?.([state, state], [0, END])).toEqual(
      Float64Array.of(row?.[0] as number, row?.[END] as number),
    );
  });

  test("probability 0 under a negative weight, and what a server does not report, need a floor", async () => {
    const zeros = {
      ...model,
      next: async () => [{ logProbabilities: Float64Array.of(0, -Infinity, -1e9, -1), missing: 0 }],
    };
    const away = { weight: -1, prompt: [] };
    await expect(expert(zeros, model.vocabulary, away).rows([[]])).rejects.toThrow(
      /gives token 1 probability 0.*"floor"/,
    );
    const floored = await expert(zeros, model.vocabulary, { ...away, floor: -20 }).rows([[]]);
    expect(floored[0]).toEqual(Float64Array.of(-0, 20, 20, 1));
    const cut = {
      ...model,
      next: async () => [{ logProbabilities: Float64Array.of(-1, -Infinity, -1, -1), missing: 0.1 }],
    };
    await expect(expert(cut, model.vocabulary, { weight: 1, prompt: [] }).rows([[]])).rejects.toThrow(
      /likeliest tokens only/,
    );
  });

  test("bad input is refused", () => {
    const other = smallVocabulary(["a", "b", "ba"]);
    expect(() => expert(model, other, { weight: 1, prompt: [] })).toThrow(/has other tokens/);
    expect(() => expert(model, model.vocabulary, { weight: 0, prompt: [] })).toThrow(
      /"weight" must be a finite number/,
    );
    expect(() => expert(model, model.vocabulary, { weight: 1, prompt: [], floor: 1 })).toThrow(/"floor" must be ≤ 0/);
    expect(() => productOf([])).toThrow(/at least one potential/);
  });
});

describe("a reward", () => {
  const responses: readonly ResponseText[] = ["a", "bb", ""].map((text) => ({ tokens: [...text].map(() => 0), text }));

  test("is asked in batches, in order, and divided by the temperature", async () => {
    const asked: string[][] = [];
    const program = (part: readonly ResponseText[]) => {
      asked.push(part.map(({ text }) => text));
      return Promise.resolve(part.map(({ text }) => text.length));
    };
    const potential = reward(program, { temperature: 2, batch: 2, partial: (part) => part.map(() => 4) });
    expect(await potential.score(responses)).toEqual(Float64Array.of(0.5, 1, 0));
    expect(asked).toEqual([["a", "bb"], [""]]);
    expect(await potential.partial?.(responses)).toEqual(Float64Array.of(2, 2, 2));
    expect(await reward(() => [-Infinity, 0, 0]).score(responses)).toEqual(Float64Array.of(-Infinity, 0, 0));
  });

  test.each([
    ["NaN", () => [0, Number.NaN, 0], /"mine" gave NaN for response 1/],
    ["+∞", () => [0, 0, Infinity], /"mine" gave Infinity for response 2/],
    ["1e300", () => [0, 0, 1e300], /"mine" gave 1e\+300 for response 2, .* differences are lost in rounding/],
    ["−1e300", () => [-1e300, 0, 0], /"mine" gave -1e\+300 for response 0, .* or −∞ to forbid/],
    ["too few", () => [0], /one number for each of 3 responses, got 1/],
    ["nothing", () => undefined as unknown as number[], /one number for each of 3 responses, got undefined/],
    ["throws", () => Promise.reject(new Error("no such file")), /"mine" failed on responses 0 to 2: no such file/],
    [
      "never answers",
      () => new Promise<number[]>(() => {}),
      /"mine" failed on responses 0 to 2: no answer within 0.02 s/,
    ],
  ])("that gives %s is refused by name", async (_, program, message) => {
    await expect(reward(program, { name: "mine", timeout: 0.02 }).score(responses)).rejects.toThrow(message);
  });

  test("guesses must be finite: a wrong −∞ would lose responses", async () => {
    const potential = reward(() => [0, 0, 0], { partial: () => [0, -Infinity, 0] });
    await expect(potential.partial?.(responses)).rejects.toThrow(/gave −∞ for "bb"/);
  });

  test("stops at once when it is aborted, with the signal's reason", async () => {
    const controller = new AbortController();
    const waiting = reward(() => new Promise<number[]>(() => {})).score(responses, { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
  });

  test("bad knobs are refused", () => {
    expect(() => reward(() => [], { temperature: 0 })).toThrow(/"temperature" must be a finite number > 0/);
    expect(() => reward("x" as unknown as () => number[])).toThrow(/must be a function, got string/);
  });
});
