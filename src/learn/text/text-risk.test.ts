import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../engine/engine.ts";
import { jaxEngine } from "../engine/jax-engine.ts";
import { type Tensors, tensor } from "../engine/tensor.ts";
import { type Architecture, architecture, firstToken } from "../models/architecture.ts";
import { armSequenceLogits } from "../models/arm.ts";
import { initialWeights } from "../models/initialise.ts";
import { corpusOf, splitText } from "./corpus.ts";
import { bitsPerCharacter, textRisk } from "./text-risk.ts";
import { trainTokenizer } from "./train-tokenizer.ts";
import { slidingWindows } from "./windows.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await jaxEngine();
});
afterAll(() => engine.dispose());

describe("sliding windows", () => {
  test("predict every token once, with at least half a window before it beyond the first", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 20 }), (count, context) => {
        const times = new Array<number>(count).fill(0);
        for (const [index, { start, known }] of slidingWindows(count, context).entries()) {
          expect(start).toBeGreaterThanOrEqual(0);
          if (index > 0) expect(known).toBeGreaterThanOrEqual(Math.floor(context / 2));
          for (let i = start + known; i < Math.min(start + context, count); i++) times[i] = (times[i] as number) + 1;
        }
        expect(times).toEqual(new Array(count).fill(1));
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});

const LEARNED = "it was the whale, the white whale that swam before the ship 🐳\n".repeat(3);
const HELD_OUT = "the ship that swam before the white whale 🐳 was it\n";

const modelFor = (actions: number, horizon: number): Architecture =>
  architecture({ kind: "arm", actions, horizon, eos: false, layers: 1, width: 8, heads: 2 });

/** `−log π` of each token of a window, in nats, after the mark of the beginning, by a softmax in float64. */
const surprises = async (model: Architecture, weights: Tensors, window: readonly number[]): Promise<number[]> => {
  const chunk = { tokens: tensor([1, window.length], Int32Array.from([firstToken(model), ...window.slice(0, -1)])) };
  const logitsOf = armSequenceLogits(model);
  const step = await engine.compile((w, c) => ({ logits: logitsOf(w, c) }), { resident: weights, chunk });
  const [output] = await step.map(await engine.resident(weights), [chunk]);
  await step.dispose();
  return window.map((token, t) => {
    const row = Array.from(output?.logits?.data.subarray(t * model.actions, (t + 1) * model.actions) ?? []);
    return Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0)) - (row[token] as number);
  });
};

test.each([
  ["char", "char", 12],
  ["bpe", { tokens: 40 }, 7],
  ["one window", "char", 80],
] as const)("bits per character count every character once: %s", async (_, kind, context) => {
  const corpus = corpusOf(trainTokenizer([LEARNED, HELD_OUT], kind), [LEARNED], [HELD_OUT]);
  const model = modelFor(corpus.tokenizer.tokens.length, context);
  const weights = initialWeights(model, 3);
  const risk = await textRisk({ engine, model, corpus, batch: 4 });
  const resident = await engine.resident(weights);
  let expected = 0;
  for (const { start, known } of slidingWindows(corpus.heldOut.length, context)) {
    const each = await surprises(model, weights, [...corpus.heldOut.subarray(start, start + context)]);
    expected += each.slice(known).reduce((a, b) => a + b, 0);
  }
  const told = bitsPerCharacter(await risk.evaluate(resident), corpus);
  expect(corpus.heldOutCharacters).toBe([...HELD_OUT].length);
  expect(Math.abs(told - expected / Math.LN2 / [...HELD_OUT].length)).toBeLessThan(1e-5);
});

test("a step's risk is the mean over the tokens of windows of the text, chosen by seed and step", async () => {
  const corpus = corpusOf(trainTokenizer([LEARNED, HELD_OUT], "char"), [LEARNED], [HELD_OUT]);
  const model = modelFor(corpus.tokenizer.tokens.length, 10);
  const weights = initialWeights(model, 3);
  const risk = await textRisk({ engine, model, corpus, batch: 1 });
  const resident = await engine.resident(weights);
  const possible: number[] = [];
  for (let start = 0; start + 10 <= corpus.train.length; start++) {
    const each = await surprises(model, weights, [...corpus.train.subarray(start, start + 10)]);
    possible.push(each.reduce((a, b) => a + b, 0) / 10);
  }
  for (let step = 0; step < 5; step++) {
    const { risk: told } = await risk.gradient(resident, { seed: 1, step });
    expect(Math.min(...possible.map((value) => Math.abs(value - told)))).toBeLessThan(1e-5);
    expect((await risk.gradient(resident, { seed: 1, step })).risk).toBe(told);
  }
}, 60_000);

test("splits a text at a line, never within a character", () => {
  expect(splitText("aaaa\nbbbb\ncc", 0.5)).toEqual(["aaaa\nbbbb\n", "cc"]);
  expect(splitText("aaaabbbb", 0.25)).toEqual(["aaaabb", "bb"]);
  expect(splitText("🐳🐳", 0.25)).toEqual(["🐳", "🐳"]);
  expect(() => splitText("ab", 1)).toThrow(/must be > 0 and < 1, got 1/);
});

describe("refuses", () => {
  const tokenizer = trainTokenizer([LEARNED, HELD_OUT], "char");
  const corpus = corpusOf(tokenizer, [LEARNED], [HELD_OUT]);
  const actions = tokenizer.tokens.length;

  test("a text shorter than a window, another vocabulary, an EBM, no windows", () => {
    const risk =
      (model: Architecture, batch = 1) =>
      () =>
        textRisk({ engine, model, corpus, batch });
    expect(risk(modelFor(actions, 500))).toThrow(/tokens, fewer than the 500 of a window: give a longer text/);
    expect(risk(modelFor(actions + 1, 5))).toThrow(/actions, but the tokenizer/);
    expect(risk({ ...modelFor(actions, 5), kind: "ebm" })).toThrow(/text needs an ARM/);
    expect(risk(modelFor(actions, 5), 0)).toThrow(/"batch" must be a whole number ≥ 1, got 0/);
  });

  test("nothing to learn from, nothing held out, characters that are no tokens", () => {
    expect(() => corpusOf(tokenizer, ["t"], ["t"])).toThrow(/there are 1 tokens to learn from/);
    expect(() => corpusOf(tokenizer, ["the"], [""])).toThrow(/no text held out/);
    expect(() => corpusOf(tokenizer, ["the"], ["Q"])).toThrow(/"Q" \(U\+0051\) is not in the vocabulary/);
  });
});
