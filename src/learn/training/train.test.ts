import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tree } from "../../space/index.ts";
import type { Engine } from "../engine/engine.ts";
import { jaxEngine } from "../engine/jax-engine.ts";
import type { Tensors } from "../engine/tensor.ts";
import { architecture } from "../models/architecture.ts";
import type { Risk } from "../risks/risk.ts";
import { zipfTarget } from "../targets.ts";
import { corpusOf } from "../text/corpus.ts";
import { trainTokenizer } from "../text/train-tokenizer.ts";
import { sampledTask, spaceTask, type Task, textTask } from "./task.ts";
import { teacherTarget } from "./teacher.ts";
import { type Trained, type TrainingProgress, type TrainingState, type TrainOptions, train } from "./train.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await jaxEngine();
});
afterAll(() => engine.dispose());

const STEPS = 6;
const space = tree({ tokens: 3, horizon: 3, eos: true });
const target = zipfTarget(space, { seed: 3 });
const modelOf = (kind: "arm" | "ebm") =>
  architecture({ kind, actions: space.actions, horizon: 3, eos: true, layers: 1, width: 8, heads: 2 });

/** What can be learned, made anew for each run, as after a restart. */
const tasks: [name: string, sampled: boolean, make: () => Promise<Task>][] = [
  ["the exact risk of an ARM", false, () => spaceTask(engine, modelOf("arm"), space, { target, seed: 1 })],
  ["the exact risk of an EBM", false, () => spaceTask(engine, modelOf("ebm"), space, { target, seed: 1 })],
  ["samples by an ARM", true, () => sampledTask(engine, modelOf("arm"), { target, seed: 1, batch: 8 })],
  [
    "samples by an EBM, which remembers chains",
    true,
    () => sampledTask(engine, modelOf("ebm"), { target, seed: 1, batch: 8 }),
  ],
  [
    "text",
    true,
    () => {
      const text = "the whale, the white whale; the sea and the ship and the whale\n";
      const corpus = corpusOf(trainTokenizer([text], "char"), [text], ["the white ship\n"]);
      const actions = corpus.tokenizer.tokens.length;
      const model = architecture({ kind: "arm", actions, horizon: 8, eos: false, layers: 1, width: 8, heads: 2 });
      return textTask(engine, model, corpus, { batch: 3, seed: 1 });
    },
  ],
];

const finished = async (run: AsyncGenerator<TrainingProgress, Trained>) => {
  const told: TrainingProgress[] = [];
  for (;;) {
    const next = await run.next();
    if (next.done) return { told, ...next.value };
    told.push(next.value);
  }
};

/** A run that keeps every state. */
const kept = async (task: Task, options: Partial<TrainOptions> = {}) => {
  const states: TrainingState[] = [];
  const save = (state: TrainingState) => {
    states.push(state);
  };
  const run = train({ engine, seed: 5, steps: STEPS, ...task, checkpoint: { save, seconds: 0 }, ...options });
  return { ...(await finished(run)), states };
};

describe.each(tasks)("%s", (_, sampled, make) => {
  test("a run resumed after any step ends with the same numbers, bit for bit", async () => {
    const whole = await kept(await make());
    expect(whole.states.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 6]);
    for (const from of [1, 4, STEPS]) {
      const again = await kept(await make(), { resume: whole.states[from - 1] as TrainingState });
      expect(again.parameters).toEqual(whole.parameters);
      expect(again.risk).toBe(whole.risk);
      expect(again.told.map(({ step, risk }) => [step, risk])).toEqual(
        whole.told.slice(from).map(({ step, risk }) => [step, risk]),
      );
    }
  });

  test("the seed decides what is drawn, and nothing else", async () => {
    const [one, other] = [await kept(await make(), { steps: 2 }), await kept(await make(), { steps: 2, seed: 6 })];
    expect(one.told[1]?.risk === other.told[1]?.risk).toBe(!sampled);
  });
});

test("both models reach the entropy of a target, and a teacher's", async () => {
  for (const learned of [target, await teacherTarget(engine, space, { seed: 2 })]) {
    for (const kind of ["arm", "ebm"] as const) {
      const task = await spaceTask(engine, modelOf(kind), space, { target: learned, seed: 1 });
      const { told, risk } = await finished(train({ engine, seed: 1, steps: 300, learningRate: 2e-2, ...task }));
      expect(risk - (task.entropy as number)).toBeGreaterThan(-1e-5);
      expect(risk - (task.entropy as number)).toBeLessThan(0.02);
      expect(told.at(-1)).toMatchObject({ step: 300, steps: 300, secondsLeft: 0 });
      expect(told.at(-1)?.gap).toBeCloseTo(risk - (task.entropy as number), 3);
      expect(told.at(-1)?.tokensPerSecond).toBeGreaterThan(0);
    }
  }
});

test("an aborted run saves its state, then throws the reason", async () => {
  const controller = new AbortController();
  const states: TrainingState[] = [];
  const task = await spaceTask(engine, modelOf("arm"), space, { target, seed: 1 });
  const run = train({
    engine,
    seed: 1,
    steps: 10,
    ...task,
    signal: controller.signal,
    checkpoint: { save: (state) => void states.push(state) },
  });
  await run.next();
  await run.next();
  controller.abort(new Error("enough"));
  await expect(run.next()).rejects.toThrow("enough");
  expect(states.map(({ step }) => step)).toEqual([2]);
});

test("what saving throws ends the run", async () => {
  const task = await spaceTask(engine, modelOf("arm"), space, { target, seed: 1 });
  const save = () => {
    throw new Error("the disk is full");
  };
  await expect(kept(task, { checkpoint: { save, seconds: 0 } })).rejects.toThrow("the disk is full");
});

test("a risk that is no longer finite ends the run, and says what to do", async () => {
  const task = await spaceTask(engine, modelOf("arm"), space, { target, seed: 1 });
  const spoiled: Risk = {
    ...task.risk,
    gradient: async (...given) => ({ ...(await task.risk.gradient(...given)), risk: NaN }),
  };
  await expect(finished(train({ engine, seed: 1, steps: 3, ...task, risk: spoiled }))).rejects.toThrow(
    /the risk is NaN .* at step 1: lower the learning rate/,
  );
});

test("parameters that are given are not changed", async () => {
  const task = await spaceTask(engine, modelOf("arm"), space, { target, seed: 1 });
  const before = structuredClone(task.parameters) as Tensors;
  await finished(train({ engine, seed: 1, steps: 2, ...task }));
  expect(task.parameters).toEqual(before);
});
