import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { generator } from "../../bellman/index.ts";
import { normal } from "../draws.ts";
import type { Engine } from "../engine/engine.ts";
import { jaxEngine } from "../engine/jax-engine.ts";
import { type Tensors, tensor } from "../engine/tensor.ts";
import { type AdamwOptions, adamw, gradientName } from "./adamw.ts";

const STEPS = 50;
const SHAPES = { "layer.weight": [5, 3], "layer.gain": [4], "other.weight": [2, 2] } as const;

let engine: Engine;
beforeAll(async () => {
  engine = await jaxEngine();
});
afterAll(() => engine.dispose());

const drawn = (seed: number, scale: number): Tensors => {
  const random = generator(seed);
  return Object.fromEntries(
    Object.entries(SHAPES).map(([name, shape]) => {
      const size = shape.reduce<number>((product, axis) => product * axis, 1);
      return [
        name,
        tensor(
          shape,
          Float32Array.from({ length: size }, () => scale * normal(random)),
        ),
      ];
    }),
  );
};

/** AdamW as its papers write it, in float64, over plain arrays. */
const plain = (initial: Tensors, options: Required<AdamwOptions>) => {
  const { learningRate, warmUp, steps, clip, weightDecay, meanDecay, squareDecay, epsilon } = options;
  const names = Object.keys(initial);
  const weights = new Map(names.map((name) => [name, Array.from(initial[name]?.data ?? [])]));
  const means = new Map(names.map((name) => [name, (weights.get(name) ?? []).map(() => 0)]));
  const squares = new Map(names.map((name) => [name, (weights.get(name) ?? []).map(() => 0)]));
  let t = 0;
  return {
    weights,
    update: (gradient: Tensors) => {
      t++;
      let norm = 0;
      for (const { data } of Object.values(gradient)) for (const g of data) norm += g * g;
      norm = Math.sqrt(norm);
      const scale = Math.min(1, clip / (norm + 1e-6));
      const fall = (1 + Math.cos((Math.PI * Math.max(0, t - 1 - warmUp)) / (steps - warmUp))) / 2;
      const rate = learningRate * fall * (warmUp > 0 ? Math.min(1, t / warmUp) : 1);
      for (const name of names) {
        const [w, m, v] = [weights, means, squares].map((all) => all.get(name)) as [number[], number[], number[]];
        const decay = (initial[name]?.shape.length ?? 0) > 1 ? weightDecay : 0;
        for (let i = 0; i < w.length; i++) {
          const g = scale * (gradient[name]?.data[i] as number);
          m[i] = meanDecay * (m[i] as number) + (1 - meanDecay) * g;
          v[i] = squareDecay * (v[i] as number) + (1 - squareDecay) * g * g;
          const mean = (m[i] as number) / (1 - meanDecay ** t);
          const square = (v[i] as number) / (1 - squareDecay ** t);
          w[i] = (w[i] as number) * (1 - rate * decay) - (rate * mean) / (Math.sqrt(square) + epsilon);
        }
      }
      return { rate, norm };
    },
  };
};

const DEFAULTS = {
  steps: STEPS,
  learningRate: 1e-2,
  warmUp: 0,
  clip: 1,
  weightDecay: 0,
  meanDecay: 0.9,
  squareDecay: 0.999,
  epsilon: 1e-8,
};

describe("agrees with the float64 loop over 50 steps", () => {
  test.each([
    ["clipped at every step", {}],
    ["never clipped", { clip: Infinity }],
    ["with warm-up", { warmUp: 7 }],
    ["with weight decay", { weightDecay: 0.3, clip: 3 }],
    ["with other means", { meanDecay: 0, squareDecay: 0.95, epsilon: 1e-3 }],
  ] as const)("%s", async (_, changes) => {
    const options = { ...DEFAULTS, ...changes };
    const initial = drawn(1, 0.5);
    const optimiser = adamw(initial, options);
    const resident = await engine.resident({ ...initial, ...optimiser.start });
    const compiled = await engine.compile(optimiser.update, {
      resident: { ...initial, ...optimiser.start },
      chunk: optimiser.gradient,
    });
    const reference = plain(initial, options);
    for (let step = 0; step < STEPS; step++) {
      const gradient = drawn(100 + step, step % 3 === 0 ? 0.05 : 2);
      const chunk = Object.fromEntries(Object.entries(gradient).map(([name, g]) => [gradientName(name), g]));
      const told = await compiled.update(resident, chunk);
      const { rate, norm } = reference.update(gradient);
      expect(Object.keys(told).sort()).toEqual(["gradientNorm", "learningRate"]);
      expect(Math.abs((told.learningRate?.data[0] as number) - rate)).toBeLessThan(2e-6 * options.learningRate);
      expect(Math.abs((told.gradientNorm?.data[0] as number) / norm - 1)).toBeLessThan(1e-6);
    }
    const trained = await resident.read();
    expect(trained["adam.step"]?.data[0]).toBe(STEPS);
    for (const [name, expected] of reference.weights) {
      // float32 rounds each of 50 steps of at most 0.01 on weights of order 1
      for (const [i, weight] of expected.entries()) {
        expect(Math.abs((trained[name]?.data[i] as number) - weight)).toBeLessThan(3e-6);
      }
    }
    await compiled.dispose();
  });
});

test("the first corrections are exact to float32, where 1 − decay^t loses digits", async () => {
  const initial = { w: tensor([1], [0]) };
  const optimiser = adamw(initial, { steps: 1000, learningRate: 1, clip: Infinity, squareDecay: 0.9999 });
  const resident = await engine.resident({ ...initial, ...optimiser.start });
  const compiled = await engine.compile(optimiser.update, {
    resident: { ...initial, ...optimiser.start },
    chunk: optimiser.gradient,
  });
  await compiled.update(resident, { "gradient.w": tensor([1], [0.25]) });
  // a first step is the learning rate, whatever the gradient
  expect(Math.abs(((await resident.read()).w?.data[0] as number) + 1)).toBeLessThan(1e-6);
  await compiled.dispose();
});

test.each([
  [{ steps: 0 }, /"steps" must be a whole number ≥ 1, got 0/],
  [{ steps: 5, warmUp: 5 }, /"warmUp" must be a whole number < the steps, got 5/],
  [{ steps: 5, learningRate: 0 }, /"learningRate" must be a finite number > 0, got 0/],
  [{ steps: 5, clip: Number.NaN }, /"clip" must be > 0, got NaN/],
  [{ steps: 5, weightDecay: -1 }, /"weightDecay" must be ≥ 0, got -1/],
  [{ steps: 5, squareDecay: 1 }, /"squareDecay" must be ≥ 0 and < 1, got 1/],
])("refuses %j", (options, message) => {
  expect(() => adamw(drawn(1, 1), options)).toThrow(message);
});
