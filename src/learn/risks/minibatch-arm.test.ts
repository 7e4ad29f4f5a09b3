import { afterAll, beforeAll, expect, test } from "vitest";
import { tree } from "../../space/index.ts";
import type { Engine } from "../engine/engine.ts";
import { jaxEngine } from "../engine/jax-engine.ts";
import { architecture } from "../models/architecture.ts";
import { initialWeights } from "../models/initialise.ts";
import { relativeDistance } from "../models/testing/agree.ts";
import { weightsOf } from "../reference/transformer.ts";
import { responseBatch, responseBatches } from "./batches.ts";
import { exactArmRisk } from "./exact-arm.ts";
import { minibatchArmRisk } from "./minibatch-arm.ts";
import { allResponses } from "./rows.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await jaxEngine();
});
afterAll(() => engine.dispose());

const shape = { layers: 1, width: 8, heads: 2, hidden: 12 };

test.each([true, false])(
  "every response once has the risk and gradient of the uniform target, EOS: %s",
  async (eos) => {
    const space = tree({ tokens: 2, horizon: 3, eos });
    const model = architecture({ kind: "arm", actions: space.actions, horizon: 3, eos, ...shape });
    const data = allResponses(space);
    const resident = await engine.resident(initialWeights(model, 1));
    const all = responseBatch(
      model,
      data,
      Int32Array.from({ length: data.count }, (_, i) => i),
    );
    const batches = { sequences: data.count, length: 3, draw: () => all };
    const risk = await minibatchArmRisk({ engine, model, batches, rows: 10 });
    const target = new Float64Array(data.count).fill(1 / data.count);
    const exact = await exactArmRisk({ engine, model, space, target });
    const draw = { seed: 1, step: 2 };
    const [seen, expected] = [await risk.gradient(resident, draw), await exact.gradient(resident, draw)];
    // jax-js' logarithm is good to 1e-5
    expect(Math.abs(seen.risk - expected.risk)).toBeLessThan(3e-5);
    expect(Math.abs((await risk.evaluate(resident)) - expected.risk)).toBeLessThan(3e-5);
    expect(relativeDistance(seen.gradient, weightsOf(expected.gradient))).toBeLessThan(1e-5);
  },
);

test("the same draw gives the same batch, another step or seed another one", () => {
  const model = architecture({ kind: "arm", actions: 9, horizon: 4, eos: false, ...shape });
  const data = allResponses(tree({ tokens: 9, horizon: 4, eos: false }));
  const batches = responseBatches(model, data, { batch: 4 });
  expect(batches.draw({ seed: 1, step: 7 })).toEqual(batches.draw({ seed: 1, step: 7 }));
  expect(batches.draw({ seed: 1, step: 7 })).not.toEqual(batches.draw({ seed: 1, step: 8 }));
  expect(batches.draw({ seed: 1, step: 7 })).not.toEqual(batches.draw({ seed: 2, step: 7 }));
});

test("minibatches estimate the exact risk and gradient without bias", async () => {
  const space = tree({ tokens: 2, horizon: 3, eos: true });
  const model = architecture({ kind: "arm", actions: 3, horizon: 3, eos: true, prompts: 2, ...shape });
  const data = allResponses(space);
  const prompts = Int32Array.from({ length: data.count }, (_, i) => i % 2);
  const resident = await engine.resident(initialWeights(model, 1));
  const risk = await minibatchArmRisk({ engine, model, batches: responseBatches(model, data, { batch: 20, prompts }) });
  const whole = responseBatch(
    model,
    data,
    Int32Array.from({ length: data.count }, (_, i) => i),
    prompts,
  );
  const batches = { sequences: data.count, length: 3, draw: () => whole };
  const all = await minibatchArmRisk({ engine, model, batches });
  const expected = (await all.gradient(resident, { seed: 0, step: 0 })).risk;
  const seen: number[] = [];
  for (let step = 0; step < 100; step++) seen.push((await risk.gradient(resident, { seed: 3, step })).risk);
  const mean = seen.reduce((a, b) => a + b) / seen.length;
  const deviation = Math.sqrt(seen.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (seen.length - 1));
  expect(Math.abs(mean - expected)).toBeLessThan((4 * deviation) / Math.sqrt(seen.length));
});

test("data that does not fit is refused", () => {
  const model = architecture({ kind: "arm", actions: 2, horizon: 2, eos: false, prompts: 2, ...shape });
  const rows = (tokens: number[], horizon = 2) => ({
    count: tokens.length / horizon,
    horizon,
    tokens: Int32Array.from(tokens),
    lengths: new Int32Array(tokens.length / horizon).fill(horizon),
  });
  const prompts = Int32Array.of(0);
  const batch = 1;
  expect(() => responseBatches(model, rows([]), { batch })).toThrow(/holds no response/);
  expect(() => responseBatches(model, rows([0, 2]), { batch, prompts })).toThrow(
    /response 0 of the data holds action 2/,
  );
  expect(() => responseBatches(model, rows([0, 1, 1], 3), { batch, prompts })).toThrow(
    /up to 3 actions, the model's 2/,
  );
  expect(() => responseBatches(model, rows([0, 1]), { batch })).toThrow(/"prompts" must hold .* got none/);
  expect(() => responseBatches(model, rows([0, 1]), { batch, prompts: Int32Array.of(2) })).toThrow(/has prompt 2/);
});
