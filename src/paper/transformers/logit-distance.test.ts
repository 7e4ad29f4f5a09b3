import { expect, test } from "vitest";
import { generator, uniform } from "../../bellman/index.ts";
import { type Table, tableOfArcs, tree } from "../../space/index.ts";
import { logitDistances } from "./logit-distance.ts";

const space = tree({ tokens: 3, horizon: 3, eos: false });
const random = generator(5);
const drawn = (kind: Table["kind"]): Table => tableOfArcs(space, kind, () => 4 * uniform(random) - 2);
const [a, b] = [drawn("logits"), drawn("logits")] as const;
const target = drawn("reward");

/** All responses with their probability under the target. */
const responses = () => {
  const all = Array.from({ length: 27 }, (_, index) => [Math.floor(index / 9), Math.floor(index / 3) % 3, index % 3]);
  const stateOf = (prefix: readonly number[]) => prefix.reduce((state, token) => 3 * state + token, 0);
  const arcOf = (response: readonly number[], depth: number) =>
    3 * stateOf(response.slice(0, depth)) + (response[depth] as number);
  const weights = all.map((response) =>
    Math.exp([0, 1, 2].reduce((sum, depth) => sum + (target.levels[depth]?.[arcOf(response, depth)] as number), 0)),
  );
  const total = weights.reduce((x, y) => x + y);
  return all.map((response, i) => ({ response, probability: (weights[i] as number) / total, stateOf }));
};

test("distances are those of an enumeration", () => {
  const { all, lookahead } = logitDistances(a, b, target);
  for (const [distances, depths] of [
    [all, [0, 1, 2]],
    [lookahead, [0, 1]],
  ] as const) {
    let [square, rawSquare, max, rawMax] = [0, 0, 0, 0];
    for (const { response, probability, stateOf } of responses()) {
      for (const depth of depths) {
        const first = 3 * stateOf(response.slice(0, depth));
        const differences = [0, 1, 2].map(
          (i) => (a.levels[depth]?.[first + i] as number) - (b.levels[depth]?.[first + i] as number),
        );
        const half = (Math.max(...differences) - Math.min(...differences)) / 2;
        const raw = Math.max(...differences.map(Math.abs));
        square += (probability * half ** 2) / depths.length;
        rawSquare += (probability * raw ** 2) / depths.length;
        [max, rawMax] = [Math.max(max, half), Math.max(rawMax, raw)];
      }
    }
    expect(distances.gaugeFree.rms).toBeCloseTo(Math.sqrt(square), 12);
    expect(distances.raw.rms).toBeCloseTo(Math.sqrt(rawSquare), 12);
    expect(distances.gaugeFree.max).toBe(max);
    expect(distances.raw.max).toBe(rawMax);
  }
});

test("constants of states change raw distances only", () => {
  const shifted: Table = {
    ...b,
    levels: b.levels.map((level, depth) => level.map((q, arc) => q + 10 * Math.sin(depth + Math.floor(arc / 3)))),
  };
  const [before, after] = [logitDistances(a, b, target), logitDistances(a, shifted, target)];
  expect(after.all.gaugeFree.rms).toBeCloseTo(before.all.gaugeFree.rms, 12);
  expect(after.all.raw.rms).toBeGreaterThan(2 * before.all.raw.rms);
});
