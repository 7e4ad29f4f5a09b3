import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { generator, kl, logProbability, toLogits } from "../../../bellman/index.ts";
import { layered, lengthRange, ngramContexts, responses, type Table, tableOfArcs, tree } from "../../../space/index.ts";
import { normal } from "../../draws.ts";
import { dirichletTarget, noisyTarget } from "../../targets.ts";
import { OBJECTIVES, targets } from "../objectives/testing/objectives.ts";
import { tableTarget } from "../scored-target.ts";
import { ngramStudent } from "./ngram-student.ts";
import type { Student, StudentMaker } from "./student.ts";
import { tabularStudent } from "./tabular-student.ts";

const run = { steps: 10, seed: 1, noisy: true };
const MAKERS: [string, StudentMaker][] = [
  ["tabular", tabularStudent()],
  ["ngram:1", ngramStudent({ order: 1 })],
  ["ngram:2", ngramStudent({ order: 2 })],
  ["ngram:3", ngramStudent({ order: 3 })],
];

/** A student's one array of parameters. */
const numbersOf = async (student: Student): Promise<Float64Array> =>
  Object.values(await student.parameters())[0]?.data as Float64Array;

const write = async (student: Student, numbers: Float64Array): Promise<void> => {
  const [name] = Object.keys(await student.parameters()) as [string];
  const state = await student.state();
  student.restore({ ...state, [name]: { shape: state[name]?.shape as number[], data: numbers } });
};

const shuffle = async (student: Student, seed: number): Promise<Float64Array> => {
  const random = generator(seed);
  const numbers = (await numbersOf(student)).map(() => normal(random));
  await write(student, numbers);
  return numbers;
};

/** Fourth-order central difference. */
const slope = async (f: (shift: number) => Promise<number>): Promise<number> => {
  const h = 1e-3;
  const [a, b, c, d] = [await f(h), await f(-h), await f(2 * h), await f(-2 * h)];
  return (8 * (a - b) - (c - d)) / (12 * h);
};

describe.each(MAKERS)("%s", (_, maker) => {
  test.each(Object.entries(OBJECTIVES))(
    "has the gradient of %s that finite differences give",
    async (__, objectiveOf) => {
      await fc.assert(
        fc.asyncProperty(targets, fc.nat(), async (given, seed) => {
          const student = await maker.make(tableTarget(given), run);
          const objective = objectiveOf(student.target?.reward as Table);
          const numbers = await shuffle(student, seed);
          // what the objective learns besides, such as log Z, is not the student's
          const withRest = (logits: Float64Array) =>
            Float64Array.from({ length: objective.size }, (___, i) => logits[i] ?? 0.3);
          const view = await student.whole();
          const held = withRest(view.logits);
          const cotangent = objective.gradient(held).subarray(0, view.graph.arcs);
          const gradient = Object.values(await view.pull(cotangent))[0]?.data as Float64Array;
          const unit = cotangent.reduce((max, g) => Math.max(max, Math.abs(g)), 1e-6 * objective.value(held) + 1e-9);
          for (const [i, x] of numbers.entries()) {
            const expected = await slope(async (shift) => {
              await write(student, numbers.with(i, x + shift));
              return objective.value(withRest((await student.whole()).logits), held);
            });
            expect(Math.abs((gradient[i] as number) - expected)).toBeLessThanOrEqual(1e-6 * unit);
          }
        }),
        { numRuns: 8, seed: 61 },
      );
    },
  );

  test("draws responses with their probabilities, and finds the same arcs along them", async () => {
    await fc.assert(
      fc.asyncProperty(targets, fc.nat(1e6), async (given, seed) => {
        const student = await maker.make(tableTarget(given), run);
        await shuffle(student, seed);
        const table = await student.table();
        const { rows, batch } = await student.draw(20, { seed, step: 3 });
        const again = await student.along(rows);
        expect(again.batch.arcs).toEqual(batch.arcs);
        expect(again.batch.offsets).toEqual(batch.offsets);
        for (let i = 0; i < rows.count; i++) {
          const first = i * rows.horizon;
          const length = (rows.lengths[i] as number) - (given.space.eos ? 1 : 0);
          const response = [...rows.tokens.subarray(first, first + length)];
          expect(batch.logProposal?.[i]).toBeCloseTo(logProbability(table, response), 12);
        }
      }),
      { numRuns: 20, seed: 62 },
    );
  });

  test("has the same target on its own space", async () => {
    await fc.assert(
      fc.asyncProperty(targets, async (given) => {
        const { target, space } = await maker.make(tableTarget(given), run);
        expect(target?.arm.logPartition).toBeCloseTo(toLogits(given).logPartition, 11);
        const [all, refined] = [[...responses(given.space)], [...responses(space)]];
        expect(new Set(refined.map(String))).toEqual(new Set(all.map(String)));
        for (const response of all.slice(0, 50)) {
          const [mine, its] = [target?.arm as Parameters<typeof kl>[0], given].map((model) =>
            logProbability(model, response),
          );
          if (its === -Infinity) expect(mine).toBe(its);
          else expect(mine).toBeCloseTo(its as number, 10);
        }
      }),
      { numRuns: 20, seed: 63 },
    );
  });
});

describe("n-gram students", () => {
  test("share parameters between all states of one context, and no others", async () => {
    const target = tableTarget(
      dirichletTarget(tree({ tokens: 3, horizon: 4, eos: true }), { concentration: 1, seed: 2 }),
    );
    const student = await ngramStudent({ order: 2 }).make(target, run);
    // the beginning, and each of three tokens
    expect((await student.parameters()).contexts?.shape).toEqual([4, 4]);
    expect(student.parameterCount).toBe(16);
    await shuffle(student, 3);
    const { levels } = await student.table();
    const row = (depth: number, state: number) => [
      ...(levels[depth] as Float64Array).subarray(4 * state, 4 * state + 4),
    ];
    for (const last of [0, 1, 2]) expect(row(2, 3 + last)).toEqual(row(1, last));
    expect(row(1, 0)).not.toEqual(row(1, 1));
    expect(row(0, 0)).not.toEqual(row(1, 0));
  });

  test("split the states of an automaton that knows less", async () => {
    const merged = layered(lengthRange({ tokens: 2, minimum: 1, maximum: 3 }), { horizon: 4, eos: true });
    const target = tableOfArcs(merged, "reward", (depth, state, action) => Math.sin(depth + 2 * state + 3 * action));
    const student = await ngramStudent({ order: 3 }).make(tableTarget(target), run);
    expect(student.space.layer(2).states).toBeGreaterThan(merged.layer(2).states);
    const fine = layered(ngramContexts({ tokens: 2, order: 3, begin: true }).automaton, { horizon: 4, eos: true });
    const same = await ngramStudent({ order: 2 }).make(tableTarget(tableOfArcs(fine, "reward", () => 0)), run);
    expect(same.space.layer(2).states).toBe(fine.layer(2).states);
  });

  test("refuse an order that is not a whole number ≥ 1", () => {
    expect(() => ngramStudent({ order: 0 })).toThrow(/"order" must be a whole number ≥ 1, got 0/);
  });
});

describe("tabular students", () => {
  const target = noisyTarget(tree({ tokens: 2, horizon: 3, eos: true }), { seed: 2 });

  test("begin at a model", async () => {
    const from = noisyTarget(target.space as ReturnType<typeof tree>, { seed: 3 });
    const student = await tabularStudent({ from }).make(tableTarget(target), run);
    expect(kl(await student.table(), from)).toBeLessThan(1e-14);
  });

  test("refuse a model on another space, or one that forbids what the target allows", () => {
    const elsewhere = noisyTarget(tree({ tokens: 2, horizon: 2, eos: true }), { seed: 3 });
    expect(() => tabularStudent({ from: elsewhere }).make(tableTarget(target), run)).toThrow(/different spaces/);
    const [first, ...rest] = target.levels as [Float64Array, ...Float64Array[]];
    const narrow: Table = { ...target, levels: [first.with(0, -Infinity), ...rest] };
    expect(() => tabularStudent({ from: narrow }).make(tableTarget(target), run)).toThrow(/"from", forbids/);
  });

  test("refuse responses outside the target's support, and states of other runs", async () => {
    const student = await tabularStudent().make(tableTarget(target), run);
    const rows = { count: 1, horizon: 3, tokens: Int32Array.of(0, 0, 0), lengths: Int32Array.of(3) };
    await expect(student.along(rows)).rejects.toThrow(/response 0 takes action 0 at place 2/);
    await expect(student.along({ ...rows, lengths: Int32Array.of(1) })).rejects.toThrow(
      /ends after 1 actions, too early/,
    );
    const state = await student.state();
    expect(() => student.restore({})).toThrow(/the saved state lacks "logits"/);
    expect(() => student.restore({ ...state, logits: { shape: [1], data: Float64Array.of(1) } })).toThrow(
      /of shape \[1\]/,
    );
  });
});
