import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  architecture,
  armSequenceLogits,
  type Engine,
  initialWeights,
  jaxEngine,
  type Tensors,
  tensor,
} from "../../../learn/index.ts";
import { responses, tree } from "../../../space/index.ts";
import { distributionOf } from "../next-tokens.ts";
import { obeysLaws } from "../testing/laws.ts";
import { spread, tinyTextModel } from "../testing/tiny-text-model.ts";
import { arbelModel } from "./arbel-model.ts";
import { textWindow } from "./windows.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await jaxEngine();
});
afterAll(() => engine.dispose());

const text = tinyTextModel();
const spaceModel = (eos: boolean, prompts = 0) => {
  const actions = eos ? 4 : 3;
  const model = architecture({ kind: "arm", actions, horizon: 4, eos, prompts, layers: 1, width: 8, heads: 2 });
  return { architecture: model, tokens: ["a", "b", "ab"], parameters: spread(initialWeights(model, 3)) };
};

obeysLaws({
  name: "a model of text",
  open: () => Promise.resolve(arbelModel(text, engine)),
  prompts: ["the ", "whale 🐋", ""],
});
obeysLaws({
  name: "a model of a space with EOS",
  open: () => Promise.resolve(arbelModel(spaceModel(true), engine)),
  prompts: ["", "a"],
});
obeysLaws({
  name: "a model of a space of one length",
  open: () => Promise.resolve(arbelModel(spaceModel(false), engine)),
  prompts: ["", "b"],
});

/** The row after a window, by the whole sequence at once. */
const rowBySequence = async (
  model: { readonly architecture: ReturnType<typeof architecture>; readonly parameters: Tensors },
  window: readonly number[],
): Promise<Float64Array> => {
  const chunk = { tokens: tensor([1, window.length], Int32Array.from(window)) };
  const logitsOf = armSequenceLogits(model.architecture);
  const step = await engine.compile((w, c) => ({ logits: logitsOf(w, c) }), { resident: model.parameters, chunk });
  const [output] = await step.map(engine.resident(model.parameters), [chunk]);
  await step.dispose();
  const { actions } = model.architecture;
  return distributionOf(output?.logits?.data.slice(-actions) ?? [], "test").logProbabilities;
};

describe("a model of text", () => {
  test("gives what the training's own function gives, within its window and beyond", async () => {
    const model = arbelModel(text, engine);
    const all = await model.vocabulary.encode("the white whale 🐋 swam before the ship\nthe ship that swam was it");
    for (const length of [1, 2, 7, 12, 13, 17, 18, 19, all.length]) {
      const context = all.slice(0, length);
      const [row] = await model.next([context]);
      const window = textWindow(12)(context);
      const expected = await rowBySequence(text, window);
      expect(row?.logProbabilities[text.tokens.length]).toBe(-Infinity);
      for (const [token, value] of expected.entries()) {
        expect(Math.abs((row?.logProbabilities[token] as number) - value)).toBeLessThan(1e-5);
      }
    }
    expect(model.usage().cut).toBe(5);
    await model.dispose();
  });

  test("sees at least half of its window, and the beginning", () => {
    for (let most = 2; most < 9; most++) {
      for (let length = 1; length < 40; length++) {
        const context = Array.from({ length }, (_, place) => place);
        const window = textWindow(most)(context);
        expect(window[0]).toBe(0);
        expect(window.length).toBeLessThanOrEqual(most);
        expect(window.length).toBeGreaterThanOrEqual(Math.min(length, Math.ceil(most / 2)));
        if (length > 1 && window.length > 1) expect(window.at(-1)).toBe(length - 1);
      }
    }
  });

  test("ends where it is told to, at first at the end of a line", () => {
    const { tokens } = text;
    expect(arbelModel(text, engine).vocabulary.ends).toEqual([tokens.indexOf("\n")]);
    expect(arbelModel(text, engine, { ends: ["s", "e"] }).vocabulary.ends).toEqual(
      [tokens.indexOf("s"), tokens.indexOf("e")].sort((a, b) => a - b),
    );
    expect(() => arbelModel(text, engine, { ends: ["Q"] })).toThrow(/the end "Q" is none of the model's \d+ tokens/);
  });
});

describe("a model of a space", () => {
  test.each([true, false])("gives its responses probabilities that add up to 1: EOS %s", async (eos) => {
    const model = arbelModel(spaceModel(eos), engine);
    const begin = await model.vocabulary.encode("");
    let mass = 0;
    for (const response of responses(tree({ tokens: ["a", "b", "ab"], horizon: 4, eos }))) {
      const tokens = [...response, ...model.vocabulary.ends];
      const rows = await model.next(tokens.map((_, place) => [...begin, ...response.slice(0, place)]));
      mass += Math.exp(tokens.reduce((sum, token, place) => sum + (rows[place]?.logProbabilities[token] as number), 0));
    }
    expect(mass).toBeCloseTo(1, 5);
    await model.dispose();
  });

  test("is conditional on its prompt", async () => {
    const [first, second] = [0, 1].map((prompt) => arbelModel(spaceModel(true, 2), engine, { prompt }));
    const rows = await Promise.all(
      [first, second].map(async (model) => model?.next([await model.vocabulary.encode("a")])),
    );
    expect(rows[0]?.[0]?.logProbabilities).not.toEqual(rows[1]?.[0]?.logProbabilities);
    expect(() => arbelModel(spaceModel(true, 2), engine, { prompt: 2 })).toThrow(/"prompt" must be/);
  });

  test("refuses contexts that no response begins with", async () => {
    const model = arbelModel(spaceModel(true), engine);
    const [begin] = (await model.vocabulary.encode("")) as [number];
    await expect(model.next([[0]])).rejects.toThrow(/begins with the token 4, got 0/);
    await expect(model.next([[]])).rejects.toThrow(/an empty context/);
    await expect(model.next([[begin, 3]])).rejects.toThrow(/the token 3 at place 1 of a context is no text/);
    await expect(model.next([[begin, 0, 0, 0, 0]])).rejects.toThrow(
      /5 tokens is longer than the 4 that the model sees/,
    );
  });
});

test("refuses an EBM and a tokenizer of another size", () => {
  const ebm = architecture({ kind: "ebm", actions: 3, horizon: 4, eos: false, layers: 1, width: 8, heads: 2 });
  expect(() => arbelModel({ architecture: ebm, tokens: ["a", "b", "c"], parameters: {} }, engine)).toThrow(
    /an EBM scores/,
  );
  expect(() => arbelModel({ ...text, tokenizer: tinyTextModel(12, "char").tokenizer }, engine)).toThrow(
    /the tokenizer has \d+ tokens, but the model 32/,
  );
});
