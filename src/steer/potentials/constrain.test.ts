import { describe, expect, test } from "vitest";
import { InputError } from "../../space/index.ts";
import { allOf, allows, type Constraint, containing, matches, oneOf, tokenLength } from "../constraints/index.ts";
import { smallVocabulary, sumAlong, tokenSequences } from "../testing/small-models.ts";
import { constrain } from "./constrain.ts";

/** "é" is C3 A9; the tokens spell it whole, in parts, and joined with what is around it. */
const SPELLINGS = ["a", "b", "ab", "é", [0xc3], [0xa9], [0xa9, 0x62], [0xf0, 0x9f], [0x98, 0x80]];
const END = SPELLINGS.length;
const MAXIMUM = 4;

const CONSTRAINTS: readonly Constraint[] = [
  matches("(a|b)*é?b"),
  matches("[^]*"),
  matches("😀|a😀é"),
  containing({ must: ["é"], mustNot: ["aa"] }),
  oneOf(["ab", "éb", "b", "aéb"]),
  allOf([matches("[aéb]*"), tokenLength({ minimum: 2, maximum: 3 })]),
];

describe("a constraint over tokens", () => {
  const vocabulary = smallVocabulary(SPELLINGS);
  const sequences = tokenSequences(END, MAXIMUM);
  const strict = new TextDecoder("utf-8", { fatal: true });

  /** The text of tokens, or undefined where they are not UTF-8. */
  const textOf = (tokens: readonly number[]): string | undefined => {
    try {
      return strict.decode(Uint8Array.from(tokens.flatMap((token) => [...(vocabulary.bytes[token] as Uint8Array)])));
    } catch {
      return undefined;
    }
  };

  test.each(CONSTRAINTS)(
    "$name: rows add up to φ of every spelling, and never lead into a dead end",
    async (constraint) => {
      const potential = constrain(constraint, vocabulary, { maximumTokens: MAXIMUM });
      const allowed = new Set<string>();
      for (const tokens of sequences) {
        const text = textOf(tokens);
        const { minimumTokens, maximumTokens } = constraint;
        if (
          text !== undefined &&
          allows(constraint, text) &&
          tokens.length >= minimumTokens &&
          tokens.length <= maximumTokens
        ) {
          allowed.add(tokens.join());
        }
      }
      expect(allowed.size).toBeGreaterThan(0);
      const beginnings = new Set(
        [...allowed].flatMap((key) => key.split(",").map((_, i, all) => all.slice(0, i + 1).join())),
      );
      for (const tokens of sequences) {
        expect(await sumAlong(potential, tokens, END)).toBe(allowed.has(tokens.join()) ? 0 : -Infinity);
      }
      // a token is allowed exactly where some allowed response goes on with it
      const open: (readonly [string, ReturnType<typeof potential.start>["state"]])[] = [["", potential.start().state]];
      for (const [key, state] of open) {
        const [row] = await potential.rows([state]);
        const entries = await potential.at?.(
          new Array(END + 1).fill(state),
          Array.from({ length: END + 1 }, (_, a) => a),
        );
        expect(entries).toEqual(row);
        for (let token = 0; token < END; token++) {
          const next = key === "" ? `${token}` : `${key},${token}`;
          expect(row?.[token]).toBe(beginnings.has(next) ? 0 : -Infinity);
          if (row?.[token] === 0) open.push([next, potential.advance(state, token)]);
        }
      }
    },
  );

  test("every spelling of a text is allowed, also where tokens cut characters", async () => {
    const potential = constrain(oneOf(["aéb"]), vocabulary, { maximumTokens: 9 });
    const spellings = sequences.filter((tokens) => textOf(tokens) === "aéb");
    expect(spellings).toHaveLength(3);
    for (const tokens of spellings) expect(await sumAlong(potential, tokens, END)).toBe(0);
  });

  test("what stands for nothing is never allowed, and ends are ends even where they have bytes", async () => {
    const odd = { ...vocabulary, size: END + 3, bytes: [...vocabulary.bytes, null, new Uint8Array(0)], ends: [0, END] };
    const [row] = await constrain(matches("[^]*"), odd).rows([{ node: 0, left: Infinity }]);
    expect(Array.from(row ?? [], (entry) => entry === 0)).toEqual([
      ...[true, true, true, true, true, false, false, true, false],
      ...[true, false, false],
    ]);
  });

  test("rows of equal places are one array", async () => {
    const potential = constrain(matches("[ab]*"), vocabulary, { maximumTokens: 50 });
    const state = potential.start().state;
    const [first, second] = await potential.rows([state, potential.advance(state, 0)]);
    expect(first).toBe(second);
  });

  test.each([
    [allOf([matches("a*"), containing({ must: ["b"] })]), {}, /no text satisfies .*its automaton is empty/],
    [matches("xyz"), {}, /none of the model's 10 tokens can begin a text/],
    [matches("abx"), {}, /can be spelled to its end by the model's 10 tokens/],
    [matches("a{6}"), { maximumTokens: 5 }, /needs at least 6 tokens, but a response has at most 5/],
    [allOf([matches("a"), tokenLength({ minimum: 2 })]), {}, /can be spelled to its end/],
    [allOf([matches("aaa"), tokenLength({ maximum: 2 })]), {}, /needs at least 3 tokens, more than the 2 allowed/],
    [allOf([tokenLength({ minimum: 3 }), tokenLength({ maximum: 2 })]), {}, /at least 3 and at most 2 tokens/],
  ])("impossible wishes are said at once: $name", (constraint, options, message) => {
    expect(() => constrain(constraint, vocabulary, options)).toThrow(InputError);
    expect(() => constrain(constraint, vocabulary, options)).toThrow(message);
  });

  test("a model that never ends satisfies nothing", () => {
    expect(() => constrain(matches("a"), { ...vocabulary, ends: [] })).toThrow(/no token that ends a response/);
  });
});
