import { expect, test } from "vitest";
import { emptyLevels, formatSafetensors, parseSafetensors, type Table, table, tableOf, tree } from "../space/index.ts";
import { toLogits, toReward } from "./soft-bellman.ts";

const isShared = ({ buffer }: Float64Array) => buffer instanceof SharedArrayBuffer;
const numberOf = (depth: number, arc: number) => (arc % 17 === 3 ? -Infinity : Math.sin(depth + arc));

const filled = (levels: Float64Array[]): Float64Array[] => {
  for (const [depth, level] of levels.entries()) {
    for (let arc = 0; arc < level.length; arc++) level[arc] = numberOf(depth, arc);
  }
  return levels;
};

const same = (a: readonly Float64Array[], b: readonly Float64Array[]) =>
  a.length === b.length && a.every((level, depth) => level.every((x, i) => Object.is(x, b[depth]?.[i])));

test("results do not depend on threads, nor on the memory of the rewards", async () => {
  const space = tree({ tokens: 6, horizon: 8, eos: false });
  const shared = tableOf(space, "reward", filled(emptyLevels(space)));
  const ordinary = tableOf(space, "reward", filled(emptyLevels(space).map((level) => new Float64Array(level.length))));
  expect(shared.levels.map(isShared)).toEqual([false, false, false, false, false, false, true, true]);
  const one = toLogits(ordinary, { kernel: "wasm", threads: 1 });
  for (let turn = 0; turn < 3; turn++) {
    for (const reward of [shared, ordinary]) {
      const two = toLogits(reward, { kernel: "wasm", threads: 2 });
      expect(two.logPartition).toBe(one.logPartition);
      expect(same(two.values, one.values) && same(two.logits.levels, one.logits.levels)).toBe(true);
    }
    await new Promise((resolve) => setTimeout(resolve, 100)); // a worker starts
  }
  const back = toReward(one.logits, { threads: 2 });
  expect(same(back.levels, toReward(one.logits, { threads: 1 }).levels)).toBe(true);
});

test("an earlier result's memory may be written over", () => {
  for (const horizon of [4, 8]) {
    const space = tree({ tokens: 6, horizon, eos: true });
    const [reward, other] = [0.5, -2].map((scale) =>
      table(space, "reward", (prefix, action) => scale * Math.sin(prefix.length + 3 * action)),
    ) as [Table, Table];
    const expected = toLogits(reward);
    const out = toLogits(other);
    const arrays = [...out.logits.levels.slice(0, -1), ...out.values];
    const written = toLogits(reward, { out });
    expect(written.logPartition).toBe(expected.logPartition);
    expect(same(written.logits.levels, expected.logits.levels) && same(written.values, expected.values)).toBe(true);
    expect([...written.logits.levels.slice(0, -1), ...written.values].every((array, i) => array === arrays[i])).toBe(
      true,
    );
  }
});

test("a result is not written over what is read, nor over another space's", () => {
  const space = tree({ tokens: 3, horizon: 3, eos: false });
  const reward = table(space, "reward", (prefix, action) => prefix.length - action);
  const out = toLogits(reward);
  const read: Table = { ...out.logits, kind: "reward" };
  expect(() => toLogits(read, { out })).toThrow('"out" shares memory with the reward');
  const twice = { ...out, values: out.values.map(() => out.values[2] as Float64Array) };
  expect(() => toLogits(reward, { out: twice })).toThrow('"out" holds one array twice');
  const wider = tree({ tokens: 4, horizon: 3, eos: false });
  expect(() =>
    toLogits(
      table(wider, "reward", () => 0),
      { out },
    ),
  ).toThrow(/tokens/);
});

test("tables that the library makes lie in shared memory", () => {
  const space = tree({ tokens: 2, horizon: 17, eos: false });
  const reward: Table = table(space, "reward", (prefix, action) => prefix.length - action / 3);
  const { logits, values } = toLogits(reward);
  const read = parseSafetensors(formatSafetensors(reward));
  for (const levels of [reward.levels, logits.levels, values, toReward(logits).levels, read.levels]) {
    expect(levels.map(isShared).lastIndexOf(false)).toBe(15);
  }
  expect(same(read.levels, reward.levels)).toBe(true);
});

test("memory of tables that are dropped is given back", async () => {
  const space = tree({ tokens: 8, horizon: 7, eos: false });
  const megabytes = () => process.memoryUsage().rss / 2 ** 20;
  const before = megabytes();
  let most = 0;
  for (let turn = 0; turn < 80; turn++) {
    // 23 MB of rewards and logits and values
    toLogits(
      tableOf(
        space,
        "reward",
        emptyLevels(space).map((level) => level.fill(turn)),
      ),
      { threads: 2 },
    );
    most = Math.max(most, megabytes());
    if (turn % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(most - before).toBeLessThan(1_000);
}, 60_000);
