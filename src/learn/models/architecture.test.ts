import { describe, expect, test } from "vitest";
import {
  architecture,
  EMBEDDING,
  embeddingRows,
  parameterCount,
  parameterShapes,
  positionsOf,
} from "./architecture.ts";
import { initialWeights } from "./initialise.ts";

const options = { kind: "arm", actions: 9, horizon: 4, eos: true, layers: 2, width: 64, heads: 4 } as const;

test("the parameters are those of LlamaForCausalLM with tied embeddings", () => {
  const model = architecture(options);
  expect(model.hidden).toBe(176);
  expect(Object.keys(parameterShapes(model))).toHaveLength(1 + 2 * 9 + 1);
  expect(parameterShapes(model)["model.layers.1.mlp.down_proj.weight"]).toEqual([64, 176]);
  expect(parameterCount(model)).toBe(10 * 64 + 2 * (4 * 64 ** 2 + 3 * 64 * 176 + 2 * 64) + 64);
});

test("an EBM has a score direction, and embeds no beginning", () => {
  const model = architecture({ ...options, kind: "ebm" });
  expect(parameterShapes(model)["score.weight"]).toEqual([1, 64]);
  expect(parameterShapes(model)[EMBEDDING]).toEqual([9, 64]);
});

test("prompts are embedded after the actions", () => {
  expect(embeddingRows(architecture({ ...options, prompts: 3 }))).toBe(12);
  const ebm = architecture({ ...options, kind: "ebm", prompts: 3 });
  expect([embeddingRows(ebm), positionsOf(ebm)]).toEqual([12, 5]);
});

describe("first weights", () => {
  test("are those of the seed, gains 1, of the deviations that are promised", () => {
    const model = architecture({ ...options, width: 128 });
    const weights = initialWeights(model, 3);
    const small = architecture({ ...options, width: 8 });
    expect(initialWeights(small, 3)).toEqual(initialWeights(small, 3));
    expect(initialWeights(small, 4)).not.toEqual(initialWeights(small, 3));
    expect(weights["model.norm.weight"]?.data).toEqual(new Float32Array(128).fill(1));
    const deviation = (name: string) => {
      const { data } = weights[name] as { data: Float32Array };
      return Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length);
    };
    const expected = {
      "model.layers.0.mlp.gate_proj.weight": 1 / Math.sqrt(128),
      "model.layers.0.mlp.down_proj.weight": 1 / Math.sqrt(4 * model.hidden),
      "model.layers.1.self_attn.o_proj.weight": 1 / Math.sqrt(4 * 128),
      [EMBEDDING]: 1 / 128,
    };
    for (const [name, value] of Object.entries(expected)) {
      const count = (weights[name] as { data: Float32Array }).data.length;
      // four standard errors of a standard deviation
      expect(Math.abs(deviation(name) / value - 1), name).toBeLessThan(4 / Math.sqrt(2 * count));
    }
  });
});

test("mistakes are refused by name", () => {
  const refuse = (change: object, message: RegExp) =>
    expect(() => architecture({ ...options, ...change })).toThrow(message);
  refuse({ kind: "rnn" }, /"kind" must be "arm" or "ebm", got "rnn"/);
  refuse({ layers: 0 }, /"layers" must be a whole number ≥ 1, got 0/);
  refuse({ prompts: -1 }, /"prompts" must be a whole number ≥ 0, got -1/);
  refuse({ heads: 3 }, /"width" must be an even multiple of "heads"/);
  refuse({ width: 12, heads: 4 }, /"width" must be an even multiple of "heads"/);
  refuse({ actions: 1 }, /"actions" must be ≥ 2 with EOS/);
  refuse({ hidden: 1.5 }, /"hidden" must be a whole number/);
  refuse({ eos: 1 }, /"eos" must be true or false, got 1/);
});
