import { describe, expect, test } from "vitest";
import { generator, uniform } from "../../bellman/index.ts";
import { architecture, embeddingRows } from "../models/architecture.ts";
import { initialWeights } from "../models/initialise.ts";
import { armReference, ebmReference, type Weights, weightsOf, zeroGradient } from "./transformer.ts";

const models = { arm: armReference, ebm: ebmReference } as const;

describe.each(["arm", "ebm"] as const)("the float64 %s", (kind) => {
  test("has the gradient that finite differences give, for every weight", () => {
    const model = architecture({
      kind,
      actions: 3,
      horizon: 3,
      eos: false,
      prompts: 2,
      layers: 2,
      width: 4,
      heads: 1,
      hidden: 5,
    });
    const random = generator(3);
    // gains away from 1, so that none is mistaken for another
    const weights: Weights = Object.fromEntries(
      Object.entries(weightsOf(initialWeights(model, 4))).map(([name, numbers]) => [
        name,
        numbers.map((x) => x + 0.3 * (uniform(random) - 0.5)),
      ]),
    );
    const ids = [embeddingRows(model) - 1, 0, 2, 2];
    const gradient = zeroGradient(weights);
    const taped = models[kind](model, weights, ids, gradient);
    const cotangent = taped.value.map(() => uniform(random) - 0.5);
    taped.backward(cotangent);
    const loss = () =>
      models[kind](model, weights, ids).value.reduce((sum, x, i) => sum + x * (cotangent[i] as number), 0);
    const step = 1e-5;
    for (const [name, numbers] of Object.entries(weights)) {
      numbers.forEach((x, i) => {
        const at = (moved: number) => {
          numbers[i] = moved;
          const value = loss();
          numbers[i] = x;
          return value;
        };
        expect(gradient[name]?.[i], `${name}[${i}]`).toBeCloseTo((at(x + step) - at(x - step)) / (2 * step), 7);
      });
    }
  });
});

test("a causal sequence's logits do not depend on what comes later", () => {
  const model = architecture({ kind: "arm", actions: 4, horizon: 4, eos: false, layers: 2, width: 8, heads: 2 });
  const weights = weightsOf(initialWeights(model, 1));
  const first = armReference(model, weights, [4, 1, 2]).value;
  const longer = armReference(model, weights, [4, 1, 2, 3]).value;
  expect([...longer.subarray(0, 12)]).toEqual([...first]);
});

test("a bidirectional score does depend on the order", () => {
  const model = architecture({ kind: "ebm", actions: 4, horizon: 3, eos: false, layers: 1, width: 8, heads: 2 });
  const weights = weightsOf(initialWeights(model, 1));
  const score = (ids: number[]) => ebmReference(model, weights, ids).value[0] as number;
  expect(Math.abs(score([0, 1, 2]) - score([2, 1, 0]))).toBeGreaterThan(1e-3);
});
