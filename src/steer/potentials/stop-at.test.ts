import { describe, expect, test } from "vitest";
import { allOf, type Constraint, containing, tokenLength } from "../constraints/index.ts";
import { logSum, modelScore, randomModel, tokenSequences } from "../testing/small-models.ts";
import { stopAt } from "./stop-at.ts";

describe("a model to its stop", () => {
  const model = randomModel(["a", ".", "b.", "é", " "], { seed: 2 });

  test("a response is as likely as texts of the model that begin with it", async () => {
    const stopped = stopAt(model, [0, 3], { when: containing({ endsWith: "." }), maximumTokens: 3 });
    const scores: number[] = [];
    for (const tokens of tokenSequences(5, 3)) {
      const stops = tokens.findIndex((token) => token === 1 || token === 2);
      if (stops >= 0 && stops < tokens.length - 1) continue;
      const score = await modelScore(stopped, [0, 3], tokens);
      scores.push(score);
      const whole = stops >= 0 || tokens.length === 3;
      const rows = await model.next([...tokens.keys()].map((place) => [0, 3, ...tokens.slice(0, place)]));
      const beginning = tokens.reduce((sum, token, place) => sum + (rows[place]?.logProbabilities[token] as number), 0);
      if (whole) expect(score).toBeCloseTo(beginning, 12);
      else expect(score).toBeLessThan(beginning);
    }
    // all that a stop or three tokens end: nothing is lost
    expect(logSum(scores)).toBeCloseTo(0, 12);
  });

  test("a constraint on the number of tokens is satisfied by so many", async () => {
    const end = Float64Array.of(...new Array(5).fill(-Infinity), 0);
    const ended = async (when: Constraint, tokens: number[]) => {
      const [row] = await stopAt(model, [], { when }).next([tokens]);
      return row?.logProbabilities.join() === end.join();
    };
    const two = tokenLength({ minimum: 2 });
    expect([await ended(two, []), await ended(two, [0]), await ended(two, [0, 0])]).toEqual([false, false, true]);
    const late = allOf([containing({ endsWith: "." }), tokenLength({ minimum: 2, maximum: 3 })]);
    expect([await ended(late, [1]), await ended(late, [1, 1])]).toEqual([false, true]);
    expect([await ended(late, [1, 0, 2]), await ended(late, [0, 0, 0, 1])]).toEqual([true, false]);
  });

  test("other contexts are the model's own", async () => {
    const stopped = stopAt(model, [0], { maximumTokens: 0 });
    expect(await stopped.next([[1, 0]])).toEqual(await model.next([[1, 0]]));
    expect((await stopped.next([[0]]))[0]?.logProbabilities).toEqual(
      Float64Array.of(...new Array(5).fill(-Infinity), 0),
    );
  });

  test("bad input is refused", () => {
    expect(() => stopAt(model, [], {})).toThrow(/at least one of "when" and "maximumTokens"/);
    expect(() => stopAt(model, [], { maximumTokens: -1 })).toThrow(/whole number ≥ 0, got -1/);
    expect(() => stopAt({ ...model, vocabulary: { ...model.vocabulary, ends: [] } }, [], { maximumTokens: 1 })).toThrow(
      /no token that ends/,
    );
  });
});
