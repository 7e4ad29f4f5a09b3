import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { entropy, kl, logProbability, toLogits } from "../../../bellman/index.ts";
import { layered, regex, type Table, type Tree, table, tableOfArcs, tree } from "../../../space/index.ts";
import type { Engine } from "../../engine/engine.ts";
import { jaxEngine } from "../../engine/jax-engine.ts";
import type { Tensors } from "../../engine/tensor.ts";
import { architecture, firstToken } from "../../models/architecture.ts";
import { cotangents, relativeDistance, unevenWeights } from "../../models/testing/agree.ts";
import { armReference, weightsOf, zeroGradient } from "../../reference/transformer.ts";
import { pickRows } from "../../risks/rows.ts";
import { noisyTarget, zipfTarget } from "../../targets.ts";
import { distill } from "../distill.ts";
import type { DistillOptions, DistillState } from "../distill-options.ts";
import { OBJECTIVE_NAMES, type ObjectiveName } from "../objective-name.ts";
import { sampledObjective } from "../sampled-objective.ts";
import { functionTarget, tableTarget } from "../scored-target.ts";
import { finished } from "../testing/run.ts";
import type { ResponseView, Student, StudentView } from "./student.ts";
import { tabularStudent } from "./tabular-student.ts";
import { transformerStudent } from "./transformer-student.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await jaxEngine();
});
afterAll(() => engine.dispose());

const run = { steps: 10, seed: 1, noisy: true };
const spaces: [string, Tree][] = [
  ["responses of one length", tree({ tokens: 3, horizon: 3, eos: false })],
  ["responses that end with EOS", tree({ tokens: 2, horizon: 4, eos: true })],
];
const modelOf = ({ actions, horizon, eos }: Tree) =>
  architecture({ kind: "arm", actions, horizon, eos, layers: 2, width: 8, heads: 2 });

/** A student with weights whose gains are not 1, in chunks so small that there are several. */
const studentOf = async (space: Tree, target: Table): Promise<{ student: Student; parameters: Tensors }> => {
  const model = modelOf(space);
  const parameters = unevenWeights(model, 11);
  const maker = transformerStudent({ engine, from: { model, parameters }, rows: 8 });
  return { student: await maker.make(tableTarget(target), run), parameters };
};

/** The prefix of each state of a view's graph. */
const prefixesOf = ({ graph, live }: StudentView, actions: number): number[][] => {
  const prefixes: number[][] = [[]];
  for (let arc = 0; arc < graph.arcs; arc++) {
    const target = graph.targets[arc] as number;
    if (live[arc] !== 1 || target === graph.states) continue;
    prefixes[target] = [...(prefixes[Math.floor(arc / actions)] as number[]), arc % actions];
  }
  return prefixes;
};

describe.each(spaces)("on %s", (_, space) => {
  const target = noisyTarget(space, { seed: 2 });
  const { actions } = space;

  test("logits and their pull-back are those of the float64 reference, of all prefixes and along responses", async () => {
    const { student, parameters } = await studentOf(space, target);
    const model = modelOf(space);
    const weights = weightsOf(parameters);
    for (const view of [await student.whole(), await student.draw(9, { seed: 5, step: 0 })]) {
      const { graph, live } = view;
      const cotangent = Float64Array.from(cotangents(graph.arcs, 6), (x, arc) => (live[arc] === 1 ? x : 0));
      const gradient = zeroGradient(weights);
      prefixesOf(view, actions).forEach((prefix, state) => {
        const taped = armReference(model, weights, [firstToken(model), ...prefix], gradient);
        const first = prefix.length * actions;
        for (let a = 0; a < actions; a++) {
          const arc = state * actions + a;
          if (live[arc] === 1) expect(view.logits[arc]).toBeCloseTo(taped.value[first + a] as number, 5);
        }
        const given = new Float64Array(taped.value.length);
        given.set(cotangent.subarray(state * actions, (state + 1) * actions), first);
        taped.backward(given);
      });
      expect(relativeDistance((await view.pull(cotangent)) as Tensors, gradient)).toBeLessThan(1e-5);
    }
    await student.dispose();
  });

  test("draws responses with the probabilities of its table", async () => {
    const { student } = await studentOf(space, target);
    const logits = await student.table();
    const { rows, batch } = await student.draw(2000, { seed: 5, step: 1 });
    let sum = 0;
    for (let i = 0; i < rows.count; i++) {
      const length = (rows.lengths[i] as number) - (space.eos ? 1 : 0);
      const response = [...rows.tokens.subarray(i * space.horizon, i * space.horizon + length)];
      const logP = logProbability(logits, response);
      expect(batch.logProposal?.[i]).toBeCloseTo(logP, 5);
      sum -= logP;
    }
    // the mean of −log p is the entropy; −log p deviates by less than 1.5 nats here
    expect(Math.abs(sum / rows.count - entropy(logits))).toBeLessThan((4 * 1.5) / Math.sqrt(rows.count));
    const again = await student.along(pickRows(rows, [3, 7]));
    expect([...again.batch.arcs].length).toBe((rows.lengths[3] as number) + (rows.lengths[7] as number));
    await student.dispose();
  });

  test.each(OBJECTIVE_NAMES.filter((name) => name !== "bellman"))(
    "sees in responses what a table of its logits does, of %s",
    async (name) => {
      const { student } = await studentOf(space, target);
      const tabular = await tabularStudent({ from: await student.table() }).make(tableTarget(target), run);
      const mine = await student.draw(12, { seed: 5, step: 2 });
      const its = await tabular.along(mine.rows, mine.batch.logProposal);
      const estimate = (view: ResponseView) => {
        const options = { steps: 10, onPolicy: true, logPartitionRate: 0.1, logPartition: 0.3 };
        const scores = mine.batch.logProposal?.map((x, i) => Math.sin(i) - x / 2) as Float64Array;
        return sampledObjective(name, options).estimate(view, scores);
      };
      const [a, b] = [estimate(mine), estimate(its)];
      expect(a.value).toBeCloseTo(b.value, 4);
      // the same states, numbered differently
      const prefixes = prefixesOf(mine, actions);
      const [all, places] = [prefixesOf(its, actions), new Map<string, number>()];
      for (const [state, prefix] of all.entries()) places.set(prefix.join(), state);
      for (const [state, prefix] of prefixes.entries()) {
        const other = places.get(prefix.join()) as number;
        for (let action = 0; action < actions; action++) {
          const expected = b.cotangent[other * actions + action] as number;
          expect(a.cotangent[state * actions + action]).toBeCloseTo(expected, 4);
        }
      }
      await student.dispose();
    },
  );
});

describe.each(OBJECTIVE_NAMES)("comes to the target by %s", (objective) => {
  test.each([
    ["exactly", undefined],
    ["by samples", 24],
  ])("%s", async (_, samplesPerStep) => {
    const [, space] = spaces[samplesPerStep ? 1 : 0] as (typeof spaces)[number];
    const target = noisyTarget(space, { seed: 2 });
    // errors of soft Bellman regression travel back one depth at a time, and large steps make them grow on the way
    const [steps, learningRate] = objective === "bellman" ? [300, 6e-3] : [160, 2e-2];
    const student = transformerStudent({ engine, layers: 1, width: 16, heads: 2 });
    const run = await finished({
      target,
      student,
      objective,
      steps,
      learningRate,
      seed: 1,
      ...(samplesPerStep ? { samplesPerStep } : {}),
    });
    // the first weights are near the uniform model
    const first = kl(
      target,
      table(space, "logits", () => 0),
    );
    expect(run.kl?.forward).toBeLessThan(first / 3);
    await run.student.dispose();
  });
});

test("keys and values carry the beginnings of few responses through many depths", async () => {
  const space = tree({ tokens: 3, horizon: 7, eos: false });
  const { student, parameters } = await studentOf(space, noisyTarget(space, { seed: 2 }));
  const model = modelOf(space);
  const view = await student.draw(4, { seed: 5, step: 0 });
  prefixesOf(view, 3).forEach((prefix, state) => {
    const { value } = armReference(model, weightsOf(parameters), [firstToken(model), ...prefix]);
    for (let a = 0; a < 3; a++) {
      expect(view.logits[3 * state + a]).toBeCloseTo(value[3 * prefix.length + a] as number, 5);
    }
  });
  await student.dispose();
});

describe("beyond what can be enumerated", () => {
  const space = tree({ tokens: 5, horizon: 10, eos: true });

  test("learns a function, and has no table", async () => {
    const reward = {
      name: "zeros",
      values: (ys: readonly (readonly number[])[]) => ys.map((y) => y.filter((t) => t === 0).length),
    };
    const student = transformerStudent({ engine, layers: 1, width: 8, heads: 2 });
    const target = functionTarget({ space, reward, temperature: 0.5 });
    const options = {
      target,
      student,
      objective: "reverse-kl",
      steps: 8,
      samplesPerStep: 8,
      learningRate: 5e-2,
      seed: 1,
    } as const;
    const run = await finished(options);
    expect(run.told.at(-1)?.value).toBeLessThan((run.told[0]?.value as number) - 1);
    expect(run.kl).toBeUndefined();
    await expect(run.student.table()).rejects.toThrow(/too many responses to go through all/);
    await run.student.dispose();
    const exact = distill({ target, student, objective: "reverse-kl", steps: 1, seed: 1 });
    await expect(exact.next()).rejects.toThrow(/exact expectations need a target that is a table/);
  });

  test("takes only actions that lead to responses of an automaton", async () => {
    const machine = regex("(01|10)*2?", space.tokens);
    const target = tableOfArcs(layered(machine, { horizon: 10, eos: true }), "reward", () => 0.2);
    const student = await transformerStudent({ engine, layers: 1, width: 8, heads: 2 }).make(tableTarget(target), run);
    const view = await student.draw(40, { seed: 1, step: 0 });
    const { rows } = view;
    for (let i = 0; i < rows.count; i++) {
      const text = [...rows.tokens.subarray(10 * i, 10 * i + (rows.lengths[i] as number))].join("");
      expect(text).toMatch(/^(01|10)*2?5$/);
    }
    await student.dispose();
  });
});

test("on a small automaton its table is on the tree, where the target is too", async () => {
  const machine = regex("(01|10)*2?", ["0", "1", "2"]);
  const target = tableOfArcs(layered(machine, { horizon: 4, eos: true }), "reward", (_, state) => state / 3);
  const student = await transformerStudent({ engine, layers: 1, width: 8, heads: 2 }).make(tableTarget(target), run);
  expect(student.space.kind).toBe("tree");
  const mine = student.target?.arm as ReturnType<typeof toLogits>;
  expect(mine.logPartition).toBeCloseTo(toLogits(target).logPartition, 12);
  for (const response of [[], [0, 1], [1, 0, 2], [2]]) {
    expect(logProbability(mine, response)).toBeCloseTo(logProbability(target, response), 12);
  }
  expect(Number.isFinite(kl(await student.table(), mine))).toBe(true);
  await student.dispose();
});

const small = tree({ tokens: 3, horizon: 3, eos: true });
const zipf = zipfTarget(small, { seed: 7 });

test.each(["reverse-kl", "path-consistency"] as ObjectiveName[])(
  "a run of %s resumed after any step ends with the same numbers, bit for bit",
  async (objective) => {
    const options: DistillOptions = {
      target: zipf,
      student: transformerStudent({ engine, layers: 1, width: 8, heads: 2 }),
      objective,
      samplesPerStep: 8,
      steps: 4,
      seed: 3,
    };
    const whole = await finished(options, true);
    for (const from of [1, 3]) {
      const again = await finished({ ...options, resume: whole.states[from - 1] as DistillState });
      expect(await again.student.state()).toEqual(await whole.student.state());
      await again.student.dispose();
    }
    await whole.student.dispose();
  },
);

test("refuses models for other spaces, other parameters, and responses outside the target", async () => {
  const model = modelOf(small);
  const parameters = unevenWeights(model, 1);
  const elsewhere = modelOf(tree({ tokens: 4, horizon: 3, eos: true }));
  const of = async (from: { model: typeof model; parameters: Tensors }) =>
    await transformerStudent({ engine, from }).make(tableTarget(zipf), run);
  await expect(of({ model: elsewhere, parameters })).rejects.toThrow(/the model's "actions" is 5, the space's 4/);
  await expect(of({ model, parameters: {} })).rejects.toThrow(
    /the parameter "model.embed_tokens.weight" must have shape/,
  );
  const student = await of({ model, parameters });
  const rows = { count: 1, horizon: 3, tokens: Int32Array.of(0, 1, 0), lengths: Int32Array.of(3) };
  await expect(student.along(rows)).rejects.toThrow(/response 0 takes action 0 at place 2/);
  await expect(student.along({ ...rows, lengths: Int32Array.of(2) })).rejects.toThrow(
    /ends after 2 actions, too early/,
  );
  await student.dispose();
});
