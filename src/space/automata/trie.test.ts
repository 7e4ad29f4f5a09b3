import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { accepts } from "./automaton.ts";
import { minimize } from "./minimize.ts";
import { language } from "./testing/languages.ts";
import { trie } from "./trie.ts";

describe("a trie", () => {
  test("accepts its responses alone, with one state for each prefix", () => {
    const responses = fc.array(fc.array(fc.nat(2), { maxLength: 4 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(responses, (list) => {
        const machine = trie(list, ["x", "yy", "z"]);
        const prefixes = new Set(
          list.flatMap((response) => response.map((_, end) => response.slice(0, end + 1).join(""))),
        );
        prefixes.add("");
        expect(machine.states).toBe(prefixes.size);
        expect(language(machine, 5).sort()).toEqual([...new Set(list.map((response) => response.join("")))].sort());
        expect(language(minimize(machine), 5)).toEqual(language(machine, 5));
      }),
      { seed: 10 },
    );
  });

  test("takes texts of tokens, generators and typed arrays", () => {
    const list = function* () {
      yield ["yy", "x"];
      yield [1];
      yield [];
    };
    const machine = trie(list(), ["x", "yy"]);
    expect([accepts(machine, [1, 0]), accepts(machine, [1]), accepts(machine, []), accepts(machine, [0])]).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect(accepts(trie([Int32Array.of(1, 0) as unknown as number[]], 2), [1, 0])).toBe(true);
  });

  test("of more prefixes than a hash table begins with", () => {
    const list = Array.from({ length: 5000 }, (_, index) => [index % 10, Math.floor(index / 10) % 50, index % 7, 1]);
    const prefixes = new Set(
      list.flatMap((response) => response.map((_, end) => response.slice(0, end + 1).join(" "))),
    );
    const machine = trie(list, 50);
    expect(machine.states).toBe(prefixes.size + 1);
    expect(list.every((response) => accepts(machine, response))).toBe(true);
  });

  test.each([
    [[], `"responses" must hold at least one response`],
    [[[0], [1, 2]], "response 1 holds 2, which is not a token from 0 to 1"],
    [[[0.5]], "response 0 holds 0.5, which is not a token from 0 to 1"],
    [[["x", "q"]], 'response 0 holds "q", which is not one of the tokens'],
    [["xy"], 'response 0 must be an array of token indices or texts, got "xy": split texts into tokens'],
  ] as [number[][], string][])("refuses %j", (responses, message) => {
    expect(() => trie(responses, ["x", "y"])).toThrow(message);
  });
});
