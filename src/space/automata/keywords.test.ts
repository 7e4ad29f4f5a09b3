import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { accepts } from "./automaton.ts";
import { keywords } from "./keywords.ts";
import { minimize } from "./minimize.ts";
import { plain, sequences } from "./testing/languages.ts";

describe("an automaton of keywords", () => {
  test("accepts the texts that include all of one list and none of the other", () => {
    const vocabularies = fc.constantFrom(["a", "b"], ["ab", "a", "bb"], ["ba", "", "aab"], ["a", "bx", "😀"]);
    const words = fc.uniqueArray(fc.constantFrom("a", "b", "ab", "ba", "aa", "aba", "bb", "abab", "x", "\ude00"), {
      maxLength: 3,
    });
    fc.assert(
      fc.property(vocabularies, words, words, (tokens, must, mustNot) => {
        fc.pre(must.length + mustNot.length > 0);
        const machine = keywords({ tokens, must, mustNot });
        for (const sequence of sequences(tokens.length, 5)) {
          const text = sequence.map((token) => tokens[token]).join("");
          const expected = must.every((word) => text.includes(word)) && !mustNot.some((word) => text.includes(word));
          if (accepts(machine, sequence) !== expected) expect({ text, accepted: !expected }).toBe("as expected");
        }
        expect(plain(minimize(machine))).toEqual(plain(machine));
      }),
      { seed: 9, numRuns: 200 },
    );
  });

  test("takes twelve keywords that must occur", () => {
    const must = [..."abcdefghijkl"];
    const machine = keywords({ tokens: must, must });
    expect(machine.states).toBe(2 ** 12);
    expect(
      accepts(
        machine,
        Array.from(must, (_, token) => token),
      ),
    ).toBe(true);
    expect(accepts(machine, Array.from(must, (_, token) => token).slice(1))).toBe(false);
  });

  test.each([
    [{}, `give at least one keyword in "must" or "mustNot"`],
    [{ must: ["a", ""] }, `"must" holds an empty keyword at index 1: remove it`],
    [{ mustNot: [""] }, `"mustNot" holds an empty keyword at index 0: remove it`],
    [{ must: "ann" }, `"must" must be a list of texts, got "ann"`],
    [{ must: [1] }, `"must" must hold texts, got 1 at index 0`],
    [
      { must: [..."abcdefghijklm"] },
      `"must" may hold up to 12 keywords, got 13: each doubles the states, so give fewer`,
    ],
    [
      { must: Array.from("abcdefghijkl", (letter) => letter + "x".repeat(100)) },
      "the keywords need more than 262144 states, the limit: give fewer or shorter keywords",
    ],
  ] as [object, string][])("refuses %j", (options, message) => {
    expect(() => keywords({ tokens: ["a", "b"], ...options })).toThrow(message);
  });
});
