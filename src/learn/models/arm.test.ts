import { defaultDevice, init } from "@jax-js/jax";
import { beforeAll, describe, expect, test } from "vitest";
import { type Tensors, tensor } from "../engine/tensor.ts";
import { armReference, weightsOf, zeroGradient } from "../reference/transformer.ts";
import { type Architecture, architecture, firstToken } from "./architecture.ts";
import { armSequenceLogits, armStateLogits } from "./arm.ts";
import { cotangents, largestDifference, relativeDistance, runTraced, unevenWeights } from "./testing/agree.ts";

beforeAll(async () => {
  await init("wasm");
  defaultDevice("wasm");
});

const cases = [
  { actions: 8, horizon: 4, eos: false, layers: 1, width: 32, heads: 2 },
  { actions: 4, horizon: 4, eos: true, prompts: 2, layers: 3, width: 16, heads: 4 },
  { actions: 100, horizon: 4, eos: false, layers: 2, width: 16, heads: 2 },
];

/** Embedding rows of three sequences of four positions that begin alike. */
const sequencesOf = (model: Architecture): number[][] => {
  const first = firstToken(model, Math.max(0, model.prompts - 1));
  return [
    [first, 1, 2, 0],
    [first, 1, 2, 3],
    [first, 3, 2, 0],
  ];
};

/** Logits and gradients of the reference for cotangents `[sequences × positions × actions]`. */
const referenceOf = (model: Architecture, weights: Tensors, sequences: number[][], cotangent: Float32Array) => {
  const gradient = zeroGradient(weightsOf(weights));
  const logits = sequences.flatMap((ids, index) => {
    const taped = armReference(model, weightsOf(weights), ids, gradient);
    const size = taped.value.length;
    taped.backward(Float64Array.from(cotangent.subarray(index * size, (index + 1) * size)));
    return [...taped.value];
  });
  return { logits, gradient };
};

describe.each(cases)("logits of %o", (options) => {
  const model = architecture({ kind: "arm", ...options });
  const { actions } = model;
  const weights = unevenWeights(model, 11);
  const sequences = sequencesOf(model);

  test("along sequences are those of the float64 reference", async () => {
    const cotangent = cotangents(sequences.length * 4 * actions, 6);
    const { logits, gradient } = referenceOf(model, weights, sequences, cotangent);
    const chunk = { tokens: tensor([sequences.length, 4], Int32Array.from(sequences.flat())) };
    const traced = await runTraced(armSequenceLogits(model), weights, chunk, cotangent);
    expect(largestDifference(traced.value, logits)).toBeLessThan(1e-5);
    expect(relativeDistance(traced.gradient, gradient)).toBeLessThan(1e-4);
  });

  test("of distinct prefixes are those of the sequences through them", async () => {
    // rows of the chunk: the prefixes in an order of its own, and two rows that fill up
    const prefixes = [[], [3], [1], [1, 2], [3, 2], [1, 2, 3], [1, 2, 0], [3, 2, 0], [], []];
    const rowOf = new Map(prefixes.map((prefix, row) => [prefix.join(), row]).reverse() as [string, number][]);
    const first = firstToken(model, Math.max(0, model.prompts - 1));
    const chunk = {
      token: tensor(
        [10],
        Int32Array.from(prefixes, (prefix) => prefix.at(-1) ?? first),
      ),
      depth: tensor(
        [10],
        Int32Array.from(prefixes, ({ length }) => length),
      ),
      ancestors: tensor(
        [10, 4],
        Int32Array.from(
          prefixes.flatMap((prefix) => [0, 1, 2, 3].map((depth) => rowOf.get(prefix.slice(0, depth).join()) as number)),
        ),
      ),
    };
    const cotangent = cotangents(10 * actions, 6);
    cotangent.fill(0, 8 * actions);
    const all = new Float32Array(sequences.length * 4 * actions);
    const given = new Set<string>();
    const place: [row: number, at: number][] = [];
    sequences.forEach((ids, index) => {
      ids.forEach((_, t) => {
        const prefix = ids.slice(1, t + 1).join();
        const row = rowOf.get(prefix) as number;
        const at = (index * 4 + t) * actions;
        place.push([row, at]);
        // a prefix that several sequences share has its cotangent once
        if (!given.has(prefix)) all.set(cotangent.subarray(row * actions, (row + 1) * actions), at);
        given.add(prefix);
      });
    });
    const { logits, gradient } = referenceOf(model, weights, sequences, all);
    const traced = await runTraced(armStateLogits(model), weights, chunk, cotangent);
    for (const [row, at] of place) {
      const own = traced.value.subarray(row * actions, (row + 1) * actions);
      expect(largestDifference(own, logits.slice(at, at + actions))).toBeLessThan(1e-5);
    }
    expect(relativeDistance(traced.gradient, gradient)).toBeLessThan(1e-4);
  });
});
