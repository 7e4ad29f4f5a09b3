import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { kernelFor } from "./index.ts";
import type { DepthSweep, Kernel, TreeLevel } from "./kernel.ts";
import { reference } from "./reference.ts";
import { numbersOf } from "./testing/numbers.ts";
import { threaded } from "./threads.ts";
import { wasm } from "./wasm.ts";
import { helpersOf, isReady } from "./worker-pool.ts";

interface Problem {
  readonly level: TreeLevel;
  readonly reward: Float64Array;
  readonly next: Float64Array;
}

interface Law {
  readonly scale: number;
  readonly offset: number;
  readonly forbidden: number;
  readonly seed: number;
}

const problemOf = (level: TreeLevel, { scale, offset, forbidden, seed }: Law): Problem => {
  const random = numbersOf(seed);
  const number = () => (random() < 2 * forbidden - 1 ? -Infinity : offset + scale * random());
  const { rows, tokens, actions } = level;
  return {
    level,
    reward: Float64Array.from({ length: rows * actions }, number),
    next: Float64Array.from({ length: rows * tokens }, number),
  };
};

const laws: fc.Arbitrary<Law> = fc.record({
  scale: fc.constantFrom(1, 40, 700),
  offset: fc.constantFrom(0, 5_000, -5_000),
  forbidden: fc.constantFrom(0, 0.3, 0.9, 1),
  seed: fc.nat(),
});

/** Depths of every width to 9 tokens, with and without EOS; some larger than a chunk. */
const problems: fc.Arbitrary<Problem> = fc
  .tuple(
    fc.integer({ min: 1, max: 9 }),
    fc.boolean(),
    fc.oneof(fc.integer({ min: 0, max: 60 }), fc.constant(5_003)),
    laws,
  )
  .map(([tokens, eos, rows, law]) => problemOf({ rows, tokens, actions: tokens + (eos ? 1 : 0) }, law));

const shared = (numbers: Float64Array) => {
  const copy = new Float64Array(new SharedArrayBuffer(numbers.byteLength));
  copy.set(numbers);
  return copy;
};

/** The same numbers in memory that threads share; rewards on request. */
const share = ({ level, reward, next }: Problem, rewards: boolean): Problem => ({
  level,
  reward: rewards ? shared(reward) : reward,
  next: shared(next),
});

/** With results in the memory in which the next depth's values are. */
const run = (kernel: Kernel, { level, reward, next }: Problem, ends: boolean) => {
  const make = (length: number) =>
    next.buffer instanceof ArrayBuffer ? new Float64Array(length) : shared(new Float64Array(length));
  const [logits, values] = [make(reward.length), make(level.rows)];
  kernel.softBellman(level, reward, ends ? null : next, logits, values);
  return { logits, values };
};

/** First place where numbers differ by more than 1e-14 relative to max(1, |number|), or −1. */
const difference = (actual: Float64Array, expected: Float64Array) =>
  actual.findIndex((x, i) => {
    const y = expected[i] as number;
    return x !== y && !(Math.abs(x - y) <= 1e-14 * Math.max(1, Math.abs(y)));
  });

const same = (a: Float64Array, b: Float64Array) => a.length === b.length && a.every((x, i) => Object.is(x, b[i]));

/** Number that stands at a place of a tree's rewards; some forbid. */
const rewardAt = (depth: number, arc: number) => (arc % 13 === 5 ? -Infinity : 3 * Math.sin(7 * depth + arc));

/** The depths of a tree as `softBellmanTree` takes them, in ordinary or shared memory. */
const treeOf = (tokens: number, horizon: number, eos: boolean, memory: (length: number) => Float64Array) => {
  const actions = tokens + (eos ? 1 : 0);
  const depths: DepthSweep[] = [];
  for (let depth = horizon - 1; depth >= 0; depth--) {
    const rows = tokens ** depth;
    const reward = memory(rows * actions);
    for (let arc = 0; arc < reward.length; arc++) reward[arc] = rewardAt(depth, arc);
    const next = depths.at(-1)?.values ?? null;
    const logits = next && memory(rows * actions);
    depths.push({ level: { rows, tokens, actions }, reward, next, logits, values: memory(rows) });
  }
  return depths as [DepthSweep, ...DepthSweep[]];
};

const sharedMemory = (length: number) => new Float64Array(new SharedArrayBuffer(8 * length));
const ordinaryMemory = (length: number) => new Float64Array(length);

/** All that a kernel writes for a tree. */
const runTree = (kernel: Kernel, [last, ...others]: readonly [DepthSweep, ...DepthSweep[]]) => {
  let asked = 0;
  kernel.softBellmanTree(last, () => {
    asked++;
    return others;
  });
  expect(asked).toBe(1);
  return [last, ...others].flatMap(({ logits, values }) => (logits ? [logits, values] : [values]));
};

describe.each([
  ["wasm", wasm],
  ["wasm on two threads", threaded(2)],
])("%s", (_, kernel) => {
  test("agrees with the reference to 1e-14 relative to max(1, |value|)", () => {
    fc.assert(
      fc.property(problems, fc.boolean(), (problem, ends) => {
        const [fast, plain] = [run(kernel, problem, ends), run(reference, problem, ends)];
        expect(same(fast.logits, plain.logits)).toBe(true);
        expect(difference(fast.values, plain.values)).toBe(-1);
        const values = new Float64Array(problem.level.rows);
        kernel.softValues(problem.level, plain.logits, values);
        expect(same(values, fast.values)).toBe(true);
      }),
      { numRuns: 150, seed: 61 },
    );
  });

  test.each([
    [1, 5, true],
    [2, 9, false],
    [3, 6, true],
    [200_000, 1, false],
  ])("sweeps a whole tree as the reference does: %i tokens, horizon %i, EOS %s", (tokens, horizon, eos) => {
    const fast = runTree(kernel, treeOf(tokens, horizon, eos, ordinaryMemory));
    const plain = runTree(reference, treeOf(tokens, horizon, eos, ordinaryMemory));
    for (const [index, numbers] of fast.entries()) expect(difference(numbers, plain[index] as Float64Array)).toBe(-1);
  });

  test("writes logits over its rewards, and shows NaN", () => {
    const problem = problemOf({ rows: 300, tokens: 3, actions: 4 }, { scale: 1, offset: 0, forbidden: 0.2, seed: 7 });
    const apart = run(kernel, problem, false);
    const inPlace = problem.reward.slice();
    const values = new Float64Array(300);
    kernel.softBellman(problem.level, inPlace, problem.next, inPlace, values);
    expect(same(inPlace, apart.logits) && same(values, apart.values)).toBe(true);
    inPlace[17] = Number.NaN;
    kernel.softValues(problem.level, inPlace, values);
    expect(Number.isNaN(values[4])).toBe(true);
    expect(values.filter(Number.isNaN).length).toBe(1);
  });
});

describe("threads", () => {
  const large = (tokens: number, eos: boolean) =>
    problemOf(
      { rows: Math.ceil(2 ** 20 / tokens), tokens, actions: tokens + (eos ? 1 : 0) },
      { scale: 40, offset: 0, forbidden: 0.1, seed: tokens },
    );

  const started = async () => {
    for (let turn = 0; turn < 100 && !helpersOf(1).every(isReady); turn++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return helpersOf(1).every(isReady);
  };

  test("give bit for bit what one gives, in every memory, before and after the worker has started", async () => {
    for (const [tokens, eos] of [
      [8, false],
      [4, true],
      [1, true],
      [700, false],
    ] as const) {
      const problem = large(tokens, eos);
      for (const ends of [true, false]) {
        const one = run(wasm, problem, ends);
        for (const other of [problem, share(problem, false), share(problem, true)]) {
          const two = run(threaded(2), other, ends);
          expect(same(one.values, two.values) && same(one.logits, two.logits)).toBe(true);
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });

  test("work: a worker starts, unless there is but one core", async () => {
    expect(await started()).toBe(true);
  });

  const trees = [
    [8, 7, false],
    [8, 7, true],
    [4, 10, false],
    [2, 20, true],
    [90, 3, false],
  ] as const;

  test.each(trees)("sweep a whole tree bit for bit as one does: %i tokens, horizon %i, EOS %s", async (...size) => {
    expect(await started()).toBe(true);
    const one = runTree(wasm, treeOf(...size, ordinaryMemory));
    const two = runTree(threaded(2), treeOf(...size, sharedMemory));
    expect(two.length).toBe(one.length);
    expect(two.every((numbers, index) => same(numbers, one[index] as Float64Array))).toBe(true);
  });

  test("do a silent worker's part of a tree", async () => {
    expect(await started()).toBe(true);
    const one = runTree(wasm, treeOf(8, 7, false, ordinaryMemory));
    await Promise.all(helpersOf(1).map(({ worker }) => worker.terminate()));
    const two = runTree(threaded(2), treeOf(8, 7, false, sharedMemory));
    expect(two.every((numbers, index) => same(numbers, one[index] as Float64Array))).toBe(true);
    expect(await started()).toBe(true);
  }, 20_000);

  test("write logits over shared rewards", () => {
    const problem = share(large(8, false), true);
    const apart = run(wasm, problem, false);
    const [inPlace, values] = [shared(problem.reward), shared(new Float64Array(problem.level.rows))];
    threaded(2).softBellman(problem.level, inPlace, problem.next, inPlace, values);
    expect(same(inPlace, apart.logits) && same(values, apart.values)).toBe(true);
  });

  test.each([true, false])(
    "do a silent worker's part, and replace it (rewards shared: %s)",
    async (rewards) => {
      await started();
      const problem = share(large(8, false), rewards);
      const one = run(wasm, problem, false);
      await Promise.all(helpersOf(1).map(({ worker }) => worker.terminate()));
      const two = run(threaded(2), problem, false);
      expect(same(one.values, two.values) && same(one.logits, two.logits)).toBe(true);
      expect(helpersOf(1).some(isReady)).toBe(false);
      expect(await started()).toBe(true);
    },
    20_000,
  );
});

test("kernelFor refuses unknown kernels and threads that are not whole", () => {
  for (const threads of [0, -1, 1.5, Number.NaN]) expect(() => kernelFor(1, { threads })).toThrow(/"threads"/);
  expect(() => kernelFor(1, { kernel: "fast" as "wasm" })).toThrow(/"kernel" must be/);
  expect(kernelFor(10, {})).toBe(reference);
  expect(kernelFor(2 ** 14, {})).toBe(wasm);
});
