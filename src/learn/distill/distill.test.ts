import { describe, expect, test } from "vitest";
import { kl, logProbability, policy } from "../../bellman/index.ts";
import { layered, ngramContexts, type Table, tableOfArcs, tree } from "../../space/index.ts";
import { fitNgram } from "../ngram.ts";
import { tableProposal } from "../risks/proposal.ts";
import { noisyTarget, zipfTarget } from "../targets.ts";
import { distill } from "./distill.ts";
import type { DistillOptions, DistillState } from "./distill-options.ts";
import { OBJECTIVE_NAMES } from "./objective-name.ts";
import { functionTarget } from "./scored-target.ts";
import { ngramStudent } from "./students/ngram-student.ts";
import { tabularStudent } from "./students/tabular-student.ts";
import { tabulateFunction } from "./target/tabulate-function.ts";
import { finished } from "./testing/run.ts";

const space = tree({ tokens: 3, horizon: 3, eos: true });
const target = zipfTarget(space, { seed: 7 });
const names = OBJECTIVE_NAMES.map((objective) => [objective] as const);
const student = tabularStudent();

describe.each(names)("%s", (objective) => {
  test("reaches KL ≤ 1e-6 at V=8, T=4 with exact expectations", async () => {
    const large = zipfTarget(tree({ tokens: 8, horizon: 4, eos: false }), { seed: 7 });
    const { kl: last, told } = await finished({ target: large, student, objective, steps: 1500, seed: 1 });
    expect(last?.forward).toBeLessThan(1e-6);
    expect(last?.reverse).toBeLessThan(1e-6);
    expect(told.at(-1)).toMatchObject({ step: 1500, steps: 1500, samples: 0, secondsLeft: 0, kl: last });
  });

  test("reaches the target on samples of the student itself", async () => {
    const { kl: last, told } = await finished({ target, student, objective, steps: 1500, samplesPerStep: 32, seed: 1 });
    expect(last?.forward).toBeLessThan(1e-6);
    expect(told.at(-1)?.samples).toBe(48_000);
    expect(told.at(-1)?.samplesPerSecond).toBeGreaterThan(0);
  });

  test("falls faster than one over the samples at V=8, T=4, as the noise vanishes with it", async () => {
    const large = zipfTarget(tree({ tokens: 8, horizon: 4, eos: false }), { seed: 7 });
    const divergenceAfter = async (steps: number) =>
      (await finished({ target: large, student, objective, steps, samplesPerStep: 256, seed: 1 })).kl
        ?.forward as number;
    expect(await divergenceAfter(800)).toBeLessThan((await divergenceAfter(200)) / 16);
  });

  test("reaches the target on samples of another model", async () => {
    const behaviour = tableProposal(noisyTarget(space, { seed: 4 }));
    const options = { target, student, objective, samplesPerStep: 64, seed: 1, behaviour } as const;
    const { kl: last } = await finished({ ...options, steps: 1500 });
    // forward divergence without its baseline keeps the noise of its weights
    expect(last?.forward).toBeLessThan(objective === "forward-kl" ? 0.02 : 1e-6);
  });

  test.each([undefined, 16])(
    "a run resumed after any step ends with the same numbers, bit for bit (samples %s)",
    async (samplesPerStep) => {
      const options: DistillOptions = {
        target,
        student: objective === "bellman" ? student : ngramStudent({ order: 2 }),
        objective,
        steps: 6,
        seed: 3,
        klEvery: 1,
        ...(samplesPerStep === undefined ? {} : { samplesPerStep }),
      };
      const whole = await finished(options, true);
      expect(whole.states.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 6]);
      for (const from of [1, 4, 6]) {
        const again = await finished({ ...options, resume: whole.states[from - 1] as DistillState });
        expect(await again.student.state()).toEqual(await whole.student.state());
        expect(again.kl).toEqual(whole.kl);
        expect(again.told.map(({ step, value, kl }) => [step, value, kl])).toEqual(
          whole.told.slice(from).map(({ step, value, kl }) => [step, value, kl]),
        );
      }
      const other = await finished({ ...options, seed: 4 });
      expect(other.told.at(-1)?.value === whole.told.at(-1)?.value).toBe(samplesPerStep === undefined);
    },
  );
});

describe("students that are n-gram models", () => {
  test("become the n-gram model that a target is, on its automaton", async () => {
    const texts = ["banana", "nab", "ban"].map((text) => Array.from(text, (c) => "abn".indexOf(c)));
    const model = fitNgram({ tokens: ["a", "b", "n"], order: 3, texts, horizon: 6 });
    for (const objective of ["forward-kl", "reverse-kl", "path-consistency"] as const) {
      const options = { target: model, student: ngramStudent({ order: 3 }), objective, steps: 1500, seed: 1 } as const;
      const { kl: last } = await finished(
        objective === "path-consistency" ? { ...options, behaviour: "student" } : options,
      );
      expect(last?.reverse).toBeLessThan(1e-6);
    }
  });

  test("end above 0 where the target looks further, both divergences' own optimum the lower", async () => {
    const of = async (objective: "forward-kl" | "reverse-kl") =>
      (await finished({ target, student: ngramStudent({ order: 1 }), objective, steps: 1000, seed: 1 })).kl;
    const [forward, reverse] = [await of("forward-kl"), await of("reverse-kl")];
    expect(forward?.forward).toBeGreaterThan(0.01);
    expect(forward?.forward).toBeLessThan(reverse?.forward as number);
    expect(reverse?.reverse).toBeLessThan(forward?.reverse as number);
  });
});

describe("targets that are functions", () => {
  const reward = {
    name: "equal neighbours",
    values: async (responses: readonly (readonly number[])[]) =>
      responses.map((y) => y.filter((token, t) => t > 0 && token === y[t - 1]).length),
  };
  const reference = layered(ngramContexts({ tokens: 3, order: 2 }).automaton, { horizon: 3, eos: true });
  const rho = tableOfArcs(reference, "logits", (_, state, action) => Math.cos(state + 2 * action));

  test.each(["forward-kl", "reverse-kl", "path-consistency"] as const)(
    "are reached by %s, log Z too",
    async (objective) => {
      const exact = await tabulateFunction(space, { ...reward, values: (ys) => reward.values(ys) });
      const scores: Table = { ...exact, levels: exact.levels.map((level) => level.map((r) => r / 0.5)) };
      const onTree = policy(rho);
      const wanted = functionTarget({ space, reward, temperature: 0.5, reference: rho });
      const run = await finished({ target: wanted, student, objective, steps: 1500, samplesPerStep: 64, seed: 1 });
      expect(run.kl).toBeUndefined();
      const table = await run.student.table();
      // ρ(y)·exp(R(y)/β) of every response against the student, up to log Z
      const excess = [[], [0], [1, 1], [0, 2], [2, 2]].map(
        (y) => logProbability(scores, y) + logProbability(onTree, y) - logProbability(table, y),
      );
      for (const x of excess) expect(x).toBeCloseTo(excess[0] as number, 2);
      if (objective !== "reverse-kl") {
        const score = 0 + logProbability(rho, []);
        expect(run.logPartition).toBeCloseTo(score - logProbability(table, []), 2);
      }
    },
  );

  const failing = (values: () => unknown, call = {}) =>
    finished({
      target: functionTarget({ space, reward: { name: "judge", values: values as never }, call }),
      student,
      objective: "reverse-kl",
      steps: 2,
      samplesPerStep: 4,
      seed: 1,
    });

  test("are refused where the function throws, hangs, gives NaN or too few numbers", async () => {
    await expect(
      failing(() => {
        throw new Error("no key");
      }),
    ).rejects.toThrow(/the function "judge" failed .* no key/);
    await expect(failing(() => new Promise(() => {}), { timeout: 0.05 })).rejects.toThrow(/no answer within 0.05 s/);
    await expect(failing(() => [1, 2, NaN, 4])).rejects.toThrow(/the function "judge" gave NaN for response 2/);
    await expect(failing(() => [1])).rejects.toThrow(/must give one number for each of 4 responses, got 1/);
    await expect(failing(() => [1, -Infinity, 1, 1])).rejects.toThrow(
      /response 1 of the batch has the score -Infinity/,
    );
  });

  test("refuse temperatures that are not > 0, automata, other tokens, and soft Bellman regression", async () => {
    for (const temperature of [0, -1, NaN, Infinity]) {
      expect(() => functionTarget({ space, reward, temperature })).toThrow(/"temperature" must be a finite number > 0/);
    }
    expect(() => functionTarget({ space: reference as never, reward })).toThrow(/needs a tree/);
    const other = tree({ tokens: ["a", "b", "c"], horizon: 3, eos: true });
    expect(() => functionTarget({ space: other, reward, reference: rho })).toThrow(
      /the responses and the reference must have/,
    );
    const options = { target: functionTarget({ space, reward }), student, steps: 2, seed: 1 } as const;
    await expect(finished({ ...options, objective: "bellman", samplesPerStep: 4 })).rejects.toThrow(
      /needs rewards of single/,
    );
    await expect(finished({ ...options, objective: "reverse-kl" })).rejects.toThrow(/exact expectations need a target/);
  });
});

test("an aborted run saves its state, then throws the reason", async () => {
  const controller = new AbortController();
  const states: DistillState[] = [];
  const run = distill({
    target,
    student,
    objective: "reverse-kl",
    steps: 10,
    seed: 1,
    signal: controller.signal,
    checkpoint: { save: (state) => void states.push(state) },
  });
  await run.next();
  await run.next();
  controller.abort(new Error("enough"));
  await expect(run.next()).rejects.toThrow("enough");
  expect(states.map(({ step }) => step)).toEqual([2]);
});

test("an objective that is no longer finite ends the run, and says what to do", async () => {
  const run = finished({ target, student, objective: "bellman", steps: 400, learningRate: 1e300, seed: 1 });
  await expect(run).rejects.toThrow(/at step \d+: lower the learning rate/);
});

test("refuses options before any work", async () => {
  const options: DistillOptions = { target, student, objective: "reverse-kl", steps: 2, seed: 1 };
  const cases: [Partial<DistillOptions>, RegExp][] = [
    [{ objective: "dpo" as "bellman" }, /"objective" must be one of forward-kl, .* got "dpo"/],
    [{ steps: 0 }, /"steps" must be a whole number ≥ 1, got 0/],
    [{ samplesPerStep: 1 }, /"samplesPerStep" must be a whole number ≥ 2, got 1/],
    [{ samplesPerStep: 0, objective: "bellman" }, /"samplesPerStep" must be a whole number ≥ 1, got 0/],
    [{ klEvery: 1.5 }, /"klEvery" must be a whole number ≥ 1, got 1.5/],
    [{ learningRate: 0 }, /"learningRate" must be a finite number > 0, got 0/],
    [{ logPartitionRate: NaN }, /"logPartitionRate" must be a finite number > 0, got NaN/],
    [{ seed: -1, samplesPerStep: 2 }, /"seed" must be a whole number/],
    [{ behaviour: "uniform" }, /"behaviour" has no part in the exact value of "reverse-kl"/],
    [{ behaviour: tableProposal(target), objective: "bellman" }, /where expectations are exact, got a proposal/],
    [{ behaviour: "greedy" as "uniform", samplesPerStep: 2 }, /"behaviour" must be "student", .* got "greedy"/],
    [{ resume: { step: 3, tensors: {} } }, /"resume" is at step 3, but the run has 2 steps/],
    [{ resume: { step: 1, tensors: {} } }, /the saved state lacks "logits"/],
    [
      { behaviour: noisyTarget(tree({ tokens: 2, horizon: 3, eos: true }), { seed: 1 }), samplesPerStep: 2 },
      /the target and the behaviour must have the same tokens/,
    ],
    [
      { behaviour: noisyTarget(tree({ tokens: 3, horizon: 2, eos: true }), { seed: 1 }), samplesPerStep: 2 },
      /"behaviour" has the horizon 2, the target 3/,
    ],
  ];
  for (const [change, message] of cases) await expect(finished({ ...options, ...change })).rejects.toThrow(message);
});

test("measures the exact divergences of the student it returns", async () => {
  const {
    kl: last,
    student: learned,
    told,
  } = await finished({ target, student, objective: "bellman", steps: 5, seed: 1, klEvery: 2 });
  const table = await learned.table();
  expect(last).toEqual({ forward: kl(target, table), reverse: kl(table, target) });
  expect(told.map((step) => step.kl !== undefined)).toEqual([false, true, false, true, true]);
});
