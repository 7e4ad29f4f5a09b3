import { InferenceSession, Tensor as OnnxTensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../engine/engine.ts";
import { jaxEngine } from "../engine/jax-engine.ts";
import { type Tensors, tensor } from "../engine/tensor.ts";
import {
  type Architecture,
  architecture,
  embeddingRows,
  FINAL_GAIN,
  firstToken,
  headWidth,
} from "../models/architecture.ts";
import { armSequenceLogits } from "../models/arm.ts";
import { initialWeights } from "../models/initialise.ts";
import { onnxModel } from "./onnx-export.ts";

/** Both compute in float32, in another order. */
const CLOSE = 1e-4;

const model = architecture({ kind: "arm", actions: 11, horizon: 12, eos: false, layers: 3, width: 24, heads: 3 });

let engine: Engine;
let session: InferenceSession;
let weights: Tensors;
beforeAll(async () => {
  engine = await jaxEngine();
  weights = spread(initialWeights(model, 5));
  session = await InferenceSession.create(onnxModel(model, weights));
});
afterAll(async () => {
  await engine.dispose();
  await session.release();
});

/** Larger embeddings and gains that differ, so that every part shows in the logits. */
const spread = (parameters: Tensors): Tensors =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, { shape, data }]) => {
      const factor = (i: number) => (shape.length === 1 ? 0.5 + (i % 7) / 5 : name.includes("embed") ? 12 : 1);
      return [
        name,
        tensor(
          shape,
          Float32Array.from(data, (x, i) => x * factor(i)),
        ),
      ];
    }),
  );

/** Logits `[rows × actions]` by our own model. */
const ours = async (
  of: Architecture,
  parameters: Tensors,
  rows: readonly (readonly number[])[],
): Promise<Float32Array> => {
  const logits = armSequenceLogits(of);
  const chunk = { tokens: tensor([rows.length, rows[0]?.length ?? 0], Int32Array.from(rows.flat())) };
  const resident = await engine.resident(parameters);
  const step = await engine.compile((w, c) => ({ logits: logits(w, c) }), { resident: parameters, chunk });
  const [output] = await step.map(resident, [chunk]);
  await step.dispose();
  return output?.logits?.data as Float32Array;
};

const ids = (rows: readonly (readonly number[])[]) =>
  new OnnxTensor("int64", BigInt64Array.from(rows.flat().map(BigInt)), [rows.length, rows[0]?.length ?? 0]);

type Cache = Record<string, OnnxTensor>;

const emptyCache = (of: Architecture, batch: number): Cache =>
  Object.fromEntries(
    Array.from({ length: of.layers }, (_, layer) =>
      ["key", "value"].map((what) => [
        `past_key_values.${layer}.${what}`,
        new OnnxTensor("float32", new Float32Array(0), [batch, of.heads, 0, headWidth(of)]),
      ]),
    ).flat(),
  );

const presentOf = (outputs: Readonly<Record<string, OnnxTensor>>): Cache =>
  Object.fromEntries(
    Object.entries(outputs)
      .filter(([name]) => name.startsWith("present."))
      .map(([name, value]) => [name.replace("present", "past_key_values"), value]),
  );

const run = (rows: readonly (readonly number[])[], mask: readonly (readonly number[])[], from: number, past: Cache) =>
  session.run({
    input_ids: ids(rows),
    attention_mask: ids(mask),
    position_ids: ids(rows.map((row) => row.map((_, place) => from + place))),
    ...past,
  });

const ROWS = [
  [11, 3, 7, 0, 10, 3, 3, 1],
  [11, 10, 2, 5, 4, 0, 8, 9],
];

const ones = (rows: number, columns: number) =>
  Array.from({ length: rows }, () => new Array(columns).fill(1) as number[]);

/** Largest difference of exported logits `[rows × vocabulary]` from ours `[rows × actions]`. */
const difference = (exported: OnnxTensor | undefined, expected: ArrayLike<number>, of = model): number => {
  const [data, vocabulary] = [exported?.data as Float32Array, embeddingRows(of)];
  expect(data.length / vocabulary).toBe(expected.length / of.actions);
  let largest = 0;
  for (let row = 0; row < data.length / vocabulary; row++) {
    for (let a = 0; a < of.actions; a++) {
      const theirs = data[row * vocabulary + a] as number;
      largest = Math.max(largest, Math.abs(theirs - (expected[row * of.actions + a] as number)));
    }
    for (let a = of.actions; a < vocabulary; a++) expect(data[row * vocabulary + a]).toBe(-Infinity);
  }
  return largest;
};

test("gives our logits in ONNX Runtime, whole sequences at once", async () => {
  const expected = await ours(model, weights, ROWS);
  expect(Math.max(...expected)).toBeGreaterThan(1);
  const { logits } = await run(ROWS, ones(2, 8), 0, emptyCache(model, 2));
  expect(logits?.dims).toEqual([2, 8, 12]);
  expect(difference(logits, expected)).toBeLessThan(CLOSE);
});

test("gives our logits token by token, with the cache", async () => {
  const expected = await ours(model, weights, ROWS);
  let past = emptyCache(model, 2);
  for (const [from, length] of [
    [0, 3],
    [3, 1],
    [4, 4],
  ] as const) {
    const rows = ROWS.map((row) => row.slice(from, from + length));
    const outputs = await run(rows, ones(2, from + length), from, past);
    const part = ROWS.flatMap((_, row) => {
      const first = (row * 8 + from) * model.actions;
      return [...expected.subarray(first, first + length * model.actions)];
    });
    expect(difference(outputs.logits, part)).toBeLessThan(CLOSE);
    past = presentOf(outputs);
    expect(past["past_key_values.2.value"]?.dims).toEqual([2, 3, from + length, 8]);
  }
});

test("padding before a shorter text changes nothing", async () => {
  const short = ROWS[1]?.slice(0, 5) as number[];
  const expected = await ours(model, weights, [short]);
  const { logits } = await session.run({
    input_ids: ids([ROWS[0] as number[], [0, 0, 0, ...short]]),
    attention_mask: ids([new Array(8).fill(1), [0, 0, 0, 1, 1, 1, 1, 1]]),
    position_ids: ids([
      [0, 1, 2, 3, 4, 5, 6, 7],
      [0, 0, 0, 0, 1, 2, 3, 4],
    ]),
    ...emptyCache(model, 2),
  });
  const data = logits?.data as Float32Array;
  const vocabulary = embeddingRows(model);
  const last = new OnnxTensor("float32", data.slice((8 + 3) * vocabulary), [1, 5, vocabulary]);
  expect(difference(last, expected)).toBeLessThan(CLOSE);
});

test("one layer, with prompts and EOS", async () => {
  const other = architecture({
    kind: "arm",
    actions: 5,
    horizon: 4,
    eos: true,
    prompts: 3,
    layers: 1,
    width: 8,
    heads: 2,
  });
  const parameters = spread(initialWeights(other, 1));
  const rows = [[firstToken(other, 2), 0, 3, 1]];
  const expected = await ours(other, parameters, rows);
  const another = await InferenceSession.create(onnxModel(other, parameters));
  const { logits } = await another.run({
    input_ids: ids(rows),
    attention_mask: ids(ones(1, 4)),
    position_ids: ids([[0, 1, 2, 3]]),
    ...emptyCache(other, 1),
  });
  expect(difference(logits, expected, other)).toBeLessThan(CLOSE);
  await another.release();
});

describe("the graph", () => {
  test("has the inputs and outputs of transformers.js, in order", () => {
    const cache = (name: string) => [0, 1, 2].flatMap((layer) => [`${name}.${layer}.key`, `${name}.${layer}.value`]);
    expect(session.inputNames).toEqual(["input_ids", "attention_mask", "position_ids", ...cache("past_key_values")]);
    expect(session.outputNames).toEqual(["logits", ...cache("present")]);
  });

  test("leaves batch and lengths free", () => {
    const shape = (name: string) => {
      const found = [...session.inputMetadata, ...session.outputMetadata].find((each) => each.name === name);
      return found?.isTensor ? found.shape : undefined;
    };
    expect(shape("input_ids")).toEqual(["b", "s"]);
    expect(shape("attention_mask")).toEqual(["b", "t"]);
    expect(shape("past_key_values.1.key")).toEqual(["b", 3, "p", 8]);
    expect(shape("logits")).toEqual(["b", "s", 12]);
    expect(shape("present.1.key")).toEqual(["b", 3, "t", 8]);
  });

  test("is not made of an EBM", () => {
    const ebm = architecture({ kind: "ebm", actions: 3, horizon: 2, eos: false, layers: 1, width: 8, heads: 2 });
    expect(() => onnxModel(ebm, initialWeights(ebm, 1))).toThrow(/an EBM gives no next-token logits/);
    expect(initialWeights(ebm, 1)).toHaveProperty([FINAL_GAIN]);
  });
});
