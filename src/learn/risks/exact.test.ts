import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { entropy, kl } from "../../bellman/index.ts";
import { responses, type Table, type Tree, tree } from "../../space/index.ts";
import type { Engine, Resident } from "../engine/engine.ts";
import { jaxEngine } from "../engine/jax-engine.ts";
import { onnxEngine } from "../engine/node/index.ts";
import type { Tensors } from "../engine/tensor.ts";
import { type Architecture, architecture, firstToken } from "../models/architecture.ts";
import { initialWeights } from "../models/initialise.ts";
import { relativeDistance } from "../models/testing/agree.ts";
import { armReference, ebmReference, weightsOf, zeroGradient } from "../reference/transformer.ts";
import { zipfTarget } from "../targets.ts";
import { exactArmRisk } from "./exact-arm.ts";
import { exactEbmRisk } from "./exact-ebm.ts";
import type { ExactRisk } from "./risk.ts";
import { EXACT_RESPONSES_LIMIT } from "./rows.ts";
import { targetProbabilities } from "./target.ts";

const engines: Partial<Record<"jax" | "onnx", Engine>> = {};
beforeAll(async () => {
  engines.jax = await jaxEngine();
  engines.onnx = await onnxEngine({ threads: 2 });
});
afterAll(() => Promise.all(Object.values(engines).map((engine) => engine.dispose())));

const risks = { arm: exactArmRisk, ebm: exactEbmRisk } as const;
const kinds = ["arm", "ebm"] as const;
const shapes = [
  { tokens: 3, horizon: 3, eos: false },
  { tokens: 3, horizon: 3, eos: true },
  { tokens: 2, horizon: 1, eos: false },
  { tokens: 1, horizon: 4, eos: true },
];

const modelOf = (kind: "arm" | "ebm", space: { actions: number; horizon: number; eos: boolean }, prompts = 0) =>
  architecture({
    kind,
    actions: space.actions,
    horizon: space.horizon,
    eos: space.eos,
    prompts,
    layers: 2,
    width: 8,
    heads: 2,
    hidden: 12,
  });

/** The gradient against that of the float64 reference, response by response. */
const checkGradient = async (
  risk: ExactRisk,
  resident: Resident,
  options: { model: Architecture; space: Tree; weights: Tensors; targets: Float64Array[] },
) => {
  const { gradient } = await risk.gradient(resident, { seed: 0, step: 0 });
  const { model, space, targets } = options;
  const weights = weightsOf(options.weights);
  const expected = zeroGradient(weights);
  const all = [...responses(space)].map((y) => (space.eos ? [...y, space.tokens.length] : y));
  targets.forEach((target, prompt) => {
    const share = (p: number) => p / targets.length;
    if (model.kind === "ebm") {
      const before = model.prompts > 0 ? [firstToken(model, prompt)] : [];
      const scores = all.map((y) => ebmReference(model, weights, [...before, ...y]).value[0] as number);
      const sum = scores.reduce((total, score) => total + Math.exp(score), 0);
      all.forEach((y, i) => {
        const c = Math.exp(scores[i] as number) / sum - (target[i] as number);
        ebmReference(model, weights, [...before, ...y], expected).backward(Float64Array.of(share(c)));
      });
      return;
    }
    all.forEach((y, i) => {
      const taped = armReference(model, weights, [firstToken(model, prompt), ...y.slice(0, -1)], expected);
      taped.backward(negativeLogLikelihoodGradient(taped.value, y, space, share(target[i] as number)));
    });
  });
  expect(relativeDistance(gradient, expected)).toBeLessThan(1e-4);
};

/** `weight · ∂(−log p(y))/∂q` at logits `[positions × actions]`; where only EOS is allowed nothing is at risk. */
const negativeLogLikelihoodGradient = (logits: Float64Array, y: number[], space: Tree, weight: number) => {
  const { actions, horizon, eos } = space;
  return logits.map((logit, index) => {
    const [t, a] = [Math.floor(index / actions), index % actions];
    if (eos && t === horizon - 1) return 0;
    const row = logits.subarray(t * actions, (t + 1) * actions);
    const policy = Math.exp(logit) / row.reduce((sum, q) => sum + Math.exp(q), 0);
    return weight * (policy - (y[t] === a ? 1 : 0));
  });
};

const cases = (["jax", "onnx"] as const).flatMap((name) => kinds.map((kind) => ({ name, kind })));

describe.each(cases)("the exact risk of a Transformer $kind on $name", ({ name, kind }) => {
  let engine: Engine;
  beforeAll(() => {
    engine = engines[name] as Engine;
  });

  test.each(shapes)("is the target's entropy and the divergence of the model's table, on %o", async (shape) => {
    const space = tree(shape);
    const target = zipfTarget(space, { seed: 3 });
    const model = modelOf(kind, space);
    const weights = initialWeights(model, 5);
    const resident = await engine.resident(weights);
    // few rows: several chunks, of which the last is not full
    const risk = await risks[kind]({ engine, model, space, target: targetProbabilities(target), rows: 7 });
    const table: Table = await risk.table(resident);
    const expected = kl(target, table) + entropy(target);
    expect(risk.entropy).toBeCloseTo(entropy(target), 12);
    expect(Math.abs((await risk.evaluate(resident)) - expected)).toBeLessThan(1e-6);
    const { risk: seen } = await risk.gradient(resident, { seed: 0, step: 0 });
    expect(Math.abs(seen - expected)).toBeLessThan(2e-5); // jax-js' logarithm is good to 1e-5
    await checkGradient(risk, resident, { model, space, weights, targets: [targetProbabilities(target)] });
    await risk.dispose();
  });

  test("with prompts is the mean over them", async () => {
    const space = tree({ tokens: 2, horizon: 3, eos: true });
    const targets = [1, 2, 3].map((seed) => zipfTarget(space, { seed }));
    const model = modelOf(kind, space, 3);
    const resident = await engine.resident(initialWeights(model, 5));
    const risk = await risks[kind]({ engine, model, space, target: targets.map(targetProbabilities), rows: 9 });
    let expected = 0;
    for (const [prompt, target] of targets.entries()) {
      expected += (kl(target, await risk.table(resident, prompt)) + entropy(target)) / 3;
    }
    expect(Math.abs((await risk.evaluate(resident)) - expected)).toBeLessThan(1e-6);
    const weights = initialWeights(model, 5);
    await checkGradient(risk, resident, { model, space, weights, targets: targets.map(targetProbabilities) });
    await risk.dispose();
  });

  test("refuses a space that is too large, and says how many responses it has", async () => {
    const space = tree({ tokens: 8, horizon: 9, eos: false });
    const options = { engine, model: modelOf(kind, space), space, target: new Float64Array(1) };
    await expect(risks[kind](options)).rejects.toThrow(
      `the space has ${8 ** 9} responses, an exact risk takes at most ${EXACT_RESPONSES_LIMIT}: ` +
        "lower the horizon, or train on samples",
    );
  });

  test("refuses targets and models that do not fit", async () => {
    const space = tree({ tokens: 2, horizon: 2, eos: false });
    const model = modelOf(kind, space);
    const of = (target: number[], other = model) =>
      risks[kind]({ engine, model: other, space, target: Float64Array.from(target) });
    await expect(of([0.5, 0.5])).rejects.toThrow(/one probability for each of 4 responses, got 2/);
    await expect(of([0.5, 0.6, -0.1, 0])).rejects.toThrow(/gives response 2 the probability -0.1/);
    await expect(of([0.5, Number.NaN, 0.5, 0])).rejects.toThrow(/gives response 1 the probability NaN/);
    await expect(of([0, 0, 0, 0])).rejects.toThrow(/must sum to 1, got 0/);
    const other = modelOf(kind, { actions: 3, horizon: 2, eos: false });
    await expect(of([1, 0, 0, 0], other)).rejects.toThrow(/the model's "actions" is 3, the space's 2/);
    await expect(of([1, 0, 0, 0], { ...model, kind: kind === "arm" ? "ebm" : "arm" })).rejects.toThrow(/"kind|of kind/);
  });
});

test("a target's probabilities are in the order of the responses", () => {
  const space = tree({ tokens: 2, horizon: 3, eos: true });
  const target = zipfTarget(space, { seed: 3 });
  const probabilities = targetProbabilities(target);
  expect(probabilities).toHaveLength([...responses(space)].length);
  expect(probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 14);
});
