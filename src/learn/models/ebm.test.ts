import { defaultDevice, init } from "@jax-js/jax";
import { beforeAll, describe, expect, test } from "vitest";
import { generator, uniform } from "../../bellman/index.ts";
import { type Tensors, tensor } from "../engine/tensor.ts";
import { ebmReference, weightsOf, zeroGradient } from "../reference/transformer.ts";
import { type Architecture, architecture } from "./architecture.ts";
import { ebmScores } from "./ebm.ts";
import { cotangents, largestDifference, relativeDistance, runTraced, unevenWeights } from "./testing/agree.ts";

beforeAll(async () => {
  await init("wasm");
  defaultDevice("wasm");
});

const ROWS = 7;

/** Random responses, and the embedding rows that the reference reads for each. */
const responsesOf = (model: Architecture, seed: number): { readonly chunk: Tensors; readonly ids: number[][] } => {
  const random = generator(seed);
  const below = (count: number) => Math.floor(count * uniform(random));
  const { actions, horizon, eos, prompts } = model;
  const tokens = new Int32Array(ROWS * horizon);
  const lengths = new Int32Array(ROWS).fill(horizon);
  const prompt = new Int32Array(ROWS);
  const ids = Array.from({ length: ROWS }, (_, row) => {
    if (eos) lengths[row] = 1 + below(horizon);
    if (prompts > 0) prompt[row] = below(prompts);
    // what stands after EOS is arbitrary, and must not matter
    for (let t = 0; t < horizon; t++) tokens[row * horizon + t] = below(actions);
    const length = lengths[row] as number;
    if (eos) tokens[row * horizon + length - 1] = actions - 1;
    const response = [...tokens.subarray(row * horizon, row * horizon + length)];
    return prompts > 0 ? [actions + (prompt[row] as number), ...response] : response;
  });
  return {
    chunk: {
      tokens: tensor([ROWS, horizon], tokens),
      ...(eos ? { lengths: tensor([ROWS], lengths) } : {}),
      ...(prompts > 0 ? { prompt: tensor([ROWS], prompt) } : {}),
    },
    ids,
  };
};

const cases = [
  { actions: 8, horizon: 4, eos: false, layers: 1, width: 32, heads: 2 },
  { actions: 4, horizon: 6, eos: false, layers: 3, width: 16, heads: 4 },
  { actions: 5, horizon: 3, eos: true, layers: 2, width: 16, heads: 2 },
  { actions: 5, horizon: 4, eos: true, prompts: 3, layers: 2, width: 16, heads: 2 },
  { actions: 100, horizon: 5, eos: true, layers: 2, width: 16, heads: 2 },
];

describe.each(cases)("scores of %o", (options) => {
  const model = architecture({ kind: "ebm", ...options });
  const weights = unevenWeights(model, 11);
  const { chunk, ids } = responsesOf(model, 5);
  const cotangent = cotangents(ROWS, 6);
  const expected = new Float64Array(ROWS);
  const gradient = zeroGradient(weightsOf(weights));
  ids.forEach((response, row) => {
    const taped = ebmReference(model, weightsOf(weights), response, gradient);
    expected[row] = taped.value[0] as number;
    taped.backward(Float64Array.of(cotangent[row] as number));
  });

  test.each([
    { rotary: "weights", firstLayer: "tables" },
    { rotary: "weights", firstLayer: "rows" },
    { rotary: "activations", firstLayer: "tables" },
    { rotary: "activations", firstLayer: "rows" },
  ] as const)("and their gradients are those of the float64 reference, computed with %o", async (choices) => {
    const traced = await runTraced(ebmScores(model, choices), weights, chunk, cotangent);
    expect(largestDifference(traced.value, expected)).toBeLessThan(1e-5);
    expect(relativeDistance(traced.gradient, gradient)).toBeLessThan(1e-4);
  });
});

test("weights that lack a parameter are refused by its name", async () => {
  const model = architecture({ kind: "ebm", actions: 2, horizon: 2, eos: false, layers: 1, width: 4, heads: 1 });
  const { "score.weight": _, ...weights } = unevenWeights(model, 1);
  const chunk = { tokens: tensor([1, 2], new Int32Array(2)) };
  await expect(runTraced(ebmScores(model), weights, chunk, cotangents(1, 1))).rejects.toThrow(
    /the weights lack "score.weight"/,
  );
});
