import { afterAll, beforeAll, expect, test } from "vitest";
import { kl, logProbability } from "../../bellman/index.ts";
import { type Table, tree } from "../../space/index.ts";
import type { Engine } from "../engine/engine.ts";
import { jaxEngine } from "../engine/jax-engine.ts";
import { fitNgram } from "../ngram.ts";
import { armReference, ebmReference, weightsOf } from "../reference/transformer.ts";
import { trainTabular } from "../tabular.ts";
import { zipfTarget } from "../targets.ts";
import { architecture, firstToken } from "./architecture.ts";
import { initialWeights } from "./initialise.ts";
import { type LearnedModel, tabularModel, transformerModel } from "./learned-model.ts";
import { largestDifference } from "./testing/agree.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await jaxEngine();
});
afterAll(() => engine.dispose());

const shape = { actions: 3, horizon: 3, eos: true, layers: 1, width: 8, heads: 2 } as const;
const space = tree({ tokens: 2, horizon: 3, eos: true });

test("tabular, n-gram and Transformer models answer alike", async () => {
  const target = zipfTarget(space, { seed: 1 });
  let trained: Table = target;
  for (const step of trainTabular("arm", target, { steps: 300, every: 300 })) trained = step.table();
  const model = architecture({ kind: "arm", ...shape });
  const weights = await engine.resident(initialWeights(model, 1));
  const models: LearnedModel[] = [
    tabularModel(trained),
    tabularModel(fitNgram({ tokens: 2, order: 2, texts: [[0, 1], [1]], horizon: 3 })),
    transformerModel({ engine, model, space, weights }),
  ];
  for (const each of models) {
    expect(each.kind).toBe("arm");
    const table = await each.table();
    expect(table.kind).toBe("logits");
    expect(logProbability(table, [0, 1])).toBeLessThan(0);
  }
  expect(kl(target, await (models[0] as LearnedModel).table())).toBeLessThan(1e-2);
});

test("a Transformer's table holds its logits after every prefix, of the prompt asked for", async () => {
  const model = architecture({ kind: "arm", ...shape, prompts: 2 });
  const weights = initialWeights(model, 1);
  const resident = await engine.resident(weights);
  const learned = transformerModel({ engine, model, space, weights: resident, rows: 4 });
  const { levels } = await learned.table(1);
  const logits = armReference(model, weightsOf(weights), [firstToken(model, 1), 1, 0]).value;
  const close = (depth: number, row: number[]) =>
    expect(largestDifference(row, logits.subarray(3 * depth, 3 * depth + 3))).toBeLessThan(1e-5);
  close(0, [...(levels[0] as Float64Array)]);
  close(1, [...(levels[1] as Float64Array).subarray(3, 6)]);
  // after 1, 0 only EOS is allowed
  expect([...(levels[2] as Float64Array).subarray(6, 8)]).toEqual([-Infinity, -Infinity]);
  expect(Math.abs((levels[2]?.[8] as number) - (logits[8] as number))).toBeLessThan(1e-5);
  await expect(learned.table(2)).rejects.toThrow(/"prompt" must be a whole number from 0 to 1, got 2/);
});

test("a scorer's table holds its scores on the actions that end a response", async () => {
  const model = architecture({ kind: "ebm", ...shape, prompts: 2 });
  const weights = initialWeights(model, 1);
  const learned = transformerModel({ engine, model, space, weights: await engine.resident(weights), rows: 4 });
  expect(learned.kind).toBe("ebm");
  const { levels } = await learned.table(1);
  const score = (...actions: number[]) =>
    ebmReference(model, weightsOf(weights), [firstToken(model, 1), ...actions]).value[0] as number;
  const seen = [levels[0]?.[2], levels[1]?.[3 + 2], levels[2]?.[3 + 2]];
  [score(2), score(1, 2), score(0, 1, 2)].forEach((expected, i) => {
    expect(Math.abs((seen[i] as number) - expected)).toBeLessThan(1e-5);
  });
  expect([levels[0]?.[0], levels[1]?.[1], levels[2]?.[0]]).toEqual([0, 0, -Infinity]);
});
