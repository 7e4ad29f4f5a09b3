import { describe, expect, test } from "vitest";
import { score } from "../../../bellman/index.ts";
import { layered, lengthRange, responses, type Tree, tree } from "../../../space/index.ts";
import { callFunction, type ResponseFunction } from "./response-function.ts";
import { tabulateFunction } from "./tabulate-function.ts";

type Values = ResponseFunction["values"];
const named = (values: Values): ResponseFunction => ({ name: "judge", values });
const all = [[], [0], [0, 1], [1], [1, 1]];

test("answers come in order, batch by batch, promised or not", async () => {
  const sizes: number[] = [];
  const lengths: Values = (ys) => {
    sizes.push(ys.length);
    return ys.map((y) => y.length);
  };
  expect(await callFunction(named(lengths), all, { batch: 2 })).toEqual(Float64Array.of(0, 1, 2, 1, 2));
  expect(sizes).toEqual([2, 2, 1]);
  const later: Values = async (ys) => await Promise.resolve(Float64Array.from(ys, (y) => -y.length));
  expect(await callFunction(named(later), all)).toEqual(Float64Array.of(-0, -1, -2, -1, -2));
  expect(await callFunction(named(lengths), [])).toEqual(new Float64Array(0));
});

test("a function of whole responses becomes a reward on the actions that end them", async () => {
  const value = (y: readonly number[]) =>
    y.length === 1 ? -Infinity : y.reduce((sum, token) => 3 * sum + token + 1, 0);
  for (const eos of [true, false]) {
    const space = tree({ tokens: 3, horizon: 3, eos });
    const reward = await tabulateFunction(
      space,
      named((ys) => ys.map(value)),
      { batch: 5 },
    );
    for (const y of responses(space)) expect(score(reward, y)).toBe(value(y));
  }
});

describe("bad answers, in a sentence each", () => {
  const fails = (values: Values, message: string, options = {}) =>
    expect(callFunction(named(values), all, options)).rejects.toThrow(message);

  test("that throw, now or later, or never come", async () => {
    const broken = new Error("no such model");
    const throws = named(() => {
      throw broken;
    });
    const failure = callFunction(throws, all, { batch: 2 });
    await expect(failure).rejects.toThrow('the function "judge" failed on responses 0 to 1: no such model');
    await expect(failure).rejects.toHaveProperty("cause", broken);
    await fails(() => Promise.reject(broken), 'the function "judge" failed on responses 0 to 4: no such model');
    await fails(() => new Promise(() => {}), "responses 0 to 4: no answer within 0.01 s", { timeout: 0.01 });
  });

  test("of the wrong length, or that are not numbers", async () => {
    await fails(() => [1], 'the function "judge" must give one number for each of 5 responses, got 1');
    await fails(() => undefined as never, "must give one number for each of 5 responses, got undefined");
    await fails((ys) => ys.map((_, i) => (i === 2 ? Number.NaN : 0)), "gave NaN for response 2, tokens [0,1]: it must");
    await fails((ys) => ys.map(() => Infinity), 'the function "judge" gave Infinity for response 0, tokens []');
    await fails((ys) => ys.map(() => "1") as never, "gave 1 for response 0, tokens []: it must give a finite number");
  });

  test("knobs and spaces", async () => {
    await fails(() => [], '"batch" must be a whole number ≥ 1, got 0', { batch: 0 });
    await fails(() => [], '"timeout" must be > 0 seconds, got NaN', { timeout: Number.NaN });
    const zero = named((ys) => ys.map(() => 0));
    const merged = layered(lengthRange({ tokens: 2, minimum: 0 }), { horizon: 3, eos: true }) as unknown as Tree;
    await expect(tabulateFunction(merged, zero)).rejects.toThrow("needs a tree: an automaton merges responses");
    const large = tree({ tokens: 10, horizon: 8, eos: false });
    await expect(tabulateFunction(large, zero)).rejects.toThrow("asked for at most 1048576: lower the horizon");
  });
});
