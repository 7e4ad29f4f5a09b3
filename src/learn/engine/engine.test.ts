import { nn, numpy as np, valueAndGrad } from "@jax-js/jax";
import { afterAll, describe, expect, it } from "vitest";
import type { Engine, Step } from "./engine.ts";
import { jaxEngine } from "./jax-engine.ts";
import { onnxEngine } from "./node/index.ts";
import { type Tensors, tensor } from "./tensor.ts";

type Traced = np.Array;

const ROWS = 5;
const INPUTS = 3;
const OUTPUTS = 4;

/** Numbers in [−1, 1] that look like none. */
const numbers = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, index) => Math.sin(12.9898 * (index + 1) + 78.233 * seed));

/**
 * `Σ log softmax(σ(x·Wᵀ))₀` and its gradient.
 *
 * The first column is taken by a product: the gradient of a slice of a sum is wrong in jax-js 0.1.25 once it is jitted.
 */
const lossStep: Step = (resident, chunk) => {
  const loss = (weights: Traced, x: Traced) => {
    const hidden = nn.sigmoid(np.matmul(x, weights.transpose()));
    return np.sum(nn.logSoftmax(hidden, -1).mul(np.array([[1, 0, 0, 0]])));
  };
  const [value, gradient] = valueAndGrad(loss)(resident["weights"] as Traced, chunk["x"] as Traced) as [Traced, Traced];
  return { loss: value.reshape([1]), gradient };
};

/** The same loss in float64. */
function loss64(weights: ArrayLike<number>, x: ArrayLike<number>): number {
  let total = 0;
  for (let row = 0; row < ROWS; row++) {
    const hidden = Array.from({ length: OUTPUTS }, (_, out) => {
      let sum = 0;
      for (let k = 0; k < INPUTS; k++) {
        sum += (weights[out * INPUTS + k] as number) * (x[row * INPUTS + k] as number);
      }
      return 1 / (1 + Math.exp(-sum));
    });
    total += (hidden[0] as number) - Math.log(hidden.reduce((sum, h) => sum + Math.exp(h), 0));
  }
  return total;
}

const weights = numbers(OUTPUTS * INPUTS, 1);
const chunks: Tensors[] = Array.from({ length: 11 }, (_, index) => ({
  x: tensor([ROWS, INPUTS], numbers(ROWS * INPUTS, index + 2)),
}));
const example = { resident: { weights: tensor([OUTPUTS, INPUTS], weights) }, chunk: chunks[0] as Tensors };
const dataOf = (tensors: Tensors, name: string): number[] => Array.from(tensors[name]?.data ?? []);

const engines: [string, () => Promise<Engine>][] = [
  ["jax", jaxEngine],
  ["onnx with one thread", () => onnxEngine({ threads: 1 })],
  ["onnx with two threads", () => onnxEngine({ threads: 2 })],
  ["onnx with three threads", () => onnxEngine({ threads: 3 })],
];

/** Sums of the ONNX engine, one number of threads after the other. */
const sums: Tensors[] = [];

describe.each(engines)("engine %s", (name, start) => {
  const started = start();
  afterAll(async () => (await started).dispose());

  it("agrees with float64 in value, and with its finite differences in gradient", async () => {
    const engine = await started;
    const compiled = await engine.compile(lossStep, example);
    const outputs = await compiled.map(engine.resident(example.resident), chunks);
    outputs.forEach((output, index) => {
      const x = chunks[index]?.["x"]?.data as Float32Array;
      // Five rows of float32 arithmetic: a few units in the last place of numbers near 10.
      expect(Math.abs(dataOf(output, "loss")[0] as number) - Math.abs(loss64(weights, x))).toBeLessThan(2e-5);
      dataOf(output, "gradient").forEach((slope, place) => {
        const moved = (by: number) =>
          loss64(
            Float64Array.from(weights, (w, i) => (i === place ? w + by : w)),
            x,
          );
        // The second-order difference quotient is good to 1e-9 in float64.
        expect(Math.abs(slope - (moved(1e-5) - moved(-1e-5)) / 2e-5)).toBeLessThan(2e-5);
      });
    });
  });

  it("sums what it maps, chunk by chunk", async () => {
    const engine = await started;
    const compiled = await engine.compile(lossStep, example);
    const resident = engine.resident(example.resident);
    const [mapped, total] = [await compiled.map(resident, chunks), await compiled.sum(resident, chunks)];
    const direct = mapped.reduce((sum, output) => sum + (dataOf(output, "loss")[0] as number), 0);
    expect(dataOf(total, "loss")[0]).toBeCloseTo(direct, 3);
    expect(dataOf(await compiled.sum(resident, chunks), "gradient")).toEqual(dataOf(total, "gradient"));
    if (name.startsWith("onnx")) {
      sums.push(total);
    }
  });

  it("sums outputs however they are made, over any number of chunks", async () => {
    const engine = await started;
    const step: Step = ({ weights: w }, { x, ids }) => {
      const [matrix, rows, whole] = [w as Traced, x as Traced, ids as Traced];
      const product = np.matmul(rows.ref.transpose(), np.matmul(rows.ref, matrix.ref.transpose()));
      return {
        product: product.ref,
        turned: product.ref.transpose().reshape([2, OUTPUTS / 2, INPUTS]),
        also: product.add(1),
        given: rows,
        whole,
        same: matrix.mul(2),
      };
    };
    const all: Tensors[] = chunks.map((chunk, index) => ({
      ...chunk,
      ids: { shape: [2], data: Int32Array.of(index, -1) },
    }));
    const compiled = await engine.compile(step, { ...example, chunk: all[0] as Tensors });
    const resident = engine.resident(example.resident);
    for (const count of [1, 3, 9, 11]) {
      const some = all.slice(0, count);
      const [mapped, total] = [await compiled.map(resident, some), await compiled.sum(resident, some)];
      expect(Object.keys(total)).toEqual(["product", "turned", "also", "given", "whole", "same"]);
      for (const [output, { shape, data }] of Object.entries(total)) {
        expect(shape).toEqual(mapped[0]?.[output]?.shape);
        data.forEach((value, place) => {
          const direct = mapped.reduce((sum, each) => sum + (each[output]?.data[place] as number), 0);
          expect(Math.abs(value - direct), `${output}[${place}] of ${count}`).toBeLessThan(2e-5);
        });
      }
    }
    await compiled.dispose();
  });

  it("keeps residents, replaces those that an update names, and returns the rest", async () => {
    const engine = await started;
    const resident = engine.resident({ ...example.resident, other: tensor([2], [1, 2]) });
    const step: Step = ({ weights: w }, { rate }) => ({
      weights: (w as Traced).ref.mul((rate as Traced).reshape([1, 1])),
      norm: np.sum((w as Traced).mul(1)).reshape([1]),
    });
    const compiled = await engine.compile(step, { ...example, chunk: { rate: tensor([1], [0]) } });
    const first = await compiled.update(resident, { rate: tensor([1], [0.5]) });
    expect(Object.keys(first)).toEqual(["norm"]);
    await compiled.update(resident, { rate: tensor([1], [4]) });
    const after = await resident.read();
    expect(dataOf(after, "weights")).toEqual(Array.from(weights, (w) => 2 * w));
    expect(dataOf(after, "other")).toEqual([1, 2]);
    // Another step sees the new numbers, also on threads that did not run the update.
    const total = await (await engine.compile(lossStep, example)).sum(resident, chunks);
    const fresh = engine.resident({
      weights: tensor(
        [OUTPUTS, INPUTS],
        weights.map((w) => 2 * w),
      ),
    });
    expect(dataOf(await (await engine.compile(lossStep, example)).sum(fresh, chunks), "gradient")).toEqual(
      dataOf(total, "gradient"),
    );
    resident.write({ other: tensor([2], [3, 4]) });
    expect(dataOf(await resident.read(), "other")).toEqual([3, 4]);
  });

  it("refuses what does not fit, in one sentence", async () => {
    const engine = await started;
    const compiled = await engine.compile(lossStep, example);
    const resident = engine.resident(example.resident);
    expect(() => resident.write({ weights: tensor([2], [0, 0]) })).toThrow(/"weights" has shape \[4,3\], got \[2\]/);
    expect(() => resident.write({ bias: tensor([1], [0]) })).toThrow(/no resident tensor "bias"/);
    await expect(compiled.sum(resident, [])).rejects.toThrow(/at least one chunk/);
    await expect(compiled.map(engine.resident({ bias: tensor([1], [0]) }), chunks)).rejects.toThrow(
      /uses the tensor "weights", which the resident does not hold/,
    );
    const stranger = { ...resident };
    await expect(compiled.map(stranger, chunks)).rejects.toThrow(/belongs to another engine/);
  });

  it("refuses a tensor of the wrong size", () => {
    expect(() => tensor([2, 2], [1, 2, 3])).toThrow(/\[2,2\] has 4 elements, got 3/);
  });
});

describe("the ONNX engine", () => {
  it("gives the same bits with any number of threads", () => {
    expect(sums).toHaveLength(3);
    for (const sum of sums) {
      expect(dataOf(sum, "gradient")).toEqual(dataOf(sums[0] as Tensors, "gradient"));
      expect(dataOf(sum, "loss")).toEqual(dataOf(sums[0] as Tensors, "loss"));
    }
  });

  it("refuses a number of threads that is none", async () => {
    await expect(onnxEngine({ threads: 0 })).rejects.toThrow(/"threads" must be an integer ≥ 1, got 0/);
  });

  it("refuses a chunk of another shape, goes on after it, and says when it was disposed", async () => {
    const engine = await onnxEngine({ threads: 1 });
    const compiled = await engine.compile(lossStep, example);
    const resident = engine.resident(example.resident);
    const wrong = { x: tensor([1, INPUTS], numbers(INPUTS, 1)) };
    await expect(compiled.map(resident, [wrong])).rejects.toThrow(/"x" has shape \[1,3\], compiled for \[5,3\]/);
    expect(await compiled.map(resident, chunks.slice(0, 1))).toHaveLength(1);
    await engine.dispose();
    await expect(compiled.map(resident, chunks)).rejects.toThrow(/disposed/);
  });

  it("can be disposed in the middle of a run, which then says so", async () => {
    const engine = await onnxEngine({ threads: 2 });
    const compiled = await engine.compile(lossStep, example);
    const running = compiled.sum(
      engine.resident(example.resident),
      Array.from({ length: 4000 }, () => chunks[0] as Tensors),
    );
    const outcome = running.then(
      () => "ended",
      (error: Error) => error.message,
    );
    await engine.dispose();
    expect(await outcome).toMatch(/ended|disposed/);
  });

  it("takes outputs of any name", async () => {
    const engine = await onnxEngine({ threads: 1 });
    const step: Step = (_, { x }) => ({ v1: (x as Traced).ref.mul(2), c1: (x as Traced).add(1) });
    const compiled = await engine.compile(step, { resident: {}, chunk: { x: tensor([2], [1, 2]) } });
    const [outputs] = await compiled.map(engine.resident({}), [{ x: tensor([2], [1, 2]) }]);
    expect([dataOf(outputs as Tensors, "v1"), dataOf(outputs as Tensors, "c1")]).toEqual([
      [2, 4],
      [2, 3],
    ]);
    await engine.dispose();
  });
});
