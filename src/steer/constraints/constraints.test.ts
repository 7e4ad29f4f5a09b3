import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isEmpty } from "../../space/index.ts";
import {
  allOf,
  allows,
  type Constraint,
  characterLength,
  containing,
  except,
  matches,
  oneOf,
  tokenLength,
} from "./index.ts";

const texts = fc.array(fc.constantFrom("a", "b", "é", "😀", "."), { maxLength: 7 }).map((pieces) => pieces.join(""));

const CASES: readonly (readonly [Constraint, (text: string) => boolean])[] = [
  [matches("(a|é)+b?"), (text) => /^(a|é)+b?$/u.test(text)],
  [
    containing({ must: ["ab", "é"], mustNot: ["😀😀"], startsWith: "a", endsWith: "." }),
    (text) =>
      text.includes("ab") && text.includes("é") && !text.includes("😀😀") && text.startsWith("a") && text.endsWith("."),
  ],
  [containing({ mustNot: ["a."] }), (text) => !text.includes("a.")],
  [containing({ endsWith: "b.b." }), (text) => text.endsWith("b.b.")],
  [characterLength({ minimum: 2, maximum: 3 }), (text) => [...text].length >= 2 && [...text].length <= 3],
  [characterLength({ minimum: 4 }), (text) => [...text].length >= 4],
  [oneOf(["a", "aé", "😀b", "a"]), (text) => ["a", "aé", "😀b"].includes(text)],
  [allOf([matches("[ab]*"), containing({ must: ["bb"] })]), (text) => /^[ab]*$/.test(text) && text.includes("bb")],
  [except(containing({ must: ["é"] })), (text) => !text.includes("é")],
];

describe("constraints on text", () => {
  test.each(CASES)("$name allows what it says", (constraint, holds) => {
    fc.assert(
      fc.property(texts, (text) => allows(constraint, text) === holds(text)),
      { seed: 2, numRuns: 500 },
    );
  });

  test("names say what is asked", () => {
    expect(containing({ must: ["ab"], endsWith: "." }).name).toBe('contains "ab" and ends with "."');
    expect(allOf([tokenLength({ minimum: 1, maximum: 3 }), matches("a+")]).name).toBe(
      '1 to 3 tokens, and matches "a+"',
    );
  });

  test("what cannot go together is an empty automaton", () => {
    expect(isEmpty(allOf([matches("a*"), containing({ must: ["b"] })]).bytes)).toBe(true);
  });

  test.each([
    [() => containing({}), /at least one of/],
    [() => containing({ must: [""] }), /"must" holds an empty text/],
    [() => containing({ endsWith: 3 as unknown as string }), /"endsWith" must be text, got 3/],
    [() => containing({ must: ["a", "\ud83d"] }), /"must" holds half of a character, in "\\ud83d"/],
    [() => oneOf([]), /at least one text/],
    [() => oneOf(["😀", "\ude00a"]), /"texts" holds half of a character/],
    [() => oneOf(["a", 3 as unknown as string]), /got 3 at index 1/],
    [() => characterLength({ minimum: 3, maximum: 2 }), /"maximum" must be at least "minimum"/],
    [() => tokenLength({ minimum: -1 }), /"minimum" must be a whole number ≥ 0, got -1/],
    [() => allOf([]), /at least one constraint/],
    [() => except(tokenLength({ maximum: 2 })), /is on the number of tokens/],
  ])("bad input is refused: %s", (make, message) => {
    expect(make).toThrow(message);
  });
});
