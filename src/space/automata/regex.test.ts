import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { accepts } from "./automaton.ts";
import { regex } from "./regex.ts";
import { sequences } from "./testing/languages.ts";
import { isEmpty } from "./trim.ts";

/** Whether the automaton agrees with JavaScript's own engine on all texts of up to so many tokens. */
const disagreements = (pattern: string, flags: string, tokens: readonly string[], longest: number): string[] => {
  const machine = regex(new RegExp(pattern, flags), tokens);
  // with m, the anchors around the pattern would hold at line breaks too
  const whole = new RegExp(`^(?:${pattern})$`, flags.replace(/[mg]/g, ""));
  return sequences(tokens.length, longest)
    .filter((sequence) => accepts(machine, sequence) !== whole.test(sequence.map((token) => tokens[token]).join("")))
    .map((sequence) => sequence.map((token) => tokens[token]).join(""));
};

const times = fc.constantFrom("", "", "", "?", "*", "+", "{2}", "{1,2}", "{0}", "{2,}", "??", "*?", "{0,3}?");
const few = fc.constantFrom("", "", "", "?", "{2}", "{1,2}", "{0}", "??");

/** Patterns from a grammar, where groups repeat a bounded number of times: JavaScript's engine takes for ever otherwise. */
const patterns = fc
  .letrec<{ pattern: string; piece: string }>((tie) => {
    const atoms = [
      "a",
      "b",
      "c",
      "[ab]",
      "[^a]",
      ".",
      "[a-c]",
      "\\w",
      "\\S",
      "[^\\s\\S]",
      "(?:)",
      "\\x61",
      "(ab|c)",
      "(?:|b)",
    ];
    const repeated = (atom: fc.Arbitrary<string>, counts: fc.Arbitrary<string>) =>
      fc.tuple(atom, counts).map(([what, count]) => what + count);
    const groups = fc.oneof(
      tie("pattern").map((inner) => `(${inner})`),
      tie("pattern").map((inner) => `(?:${inner})`),
    );
    return {
      piece: fc.oneof({ depthSize: "small" }, repeated(fc.constantFrom(...atoms), times), repeated(groups, few)),
      pattern: fc
        .array(fc.array(tie("piece"), { maxLength: 3, size: "max" }), { minLength: 1, maxLength: 2, size: "max" })
        .map((alternatives) => alternatives.map((pieces) => pieces.join("")).join("|")),
    };
  })
  .pattern.filter((pattern) => pattern.length < 50);

describe("an automaton of a regular expression", () => {
  test("accepts what JavaScript matches, over single letters", () => {
    fc.assert(
      fc.property(patterns, (pattern) => {
        expect(disagreements(pattern, "", ["a", "b", "c"], 5)).toEqual([]);
      }),
      { seed: 3, numRuns: 200 },
    );
  });

  test("accepts what JavaScript matches, over tokens of several characters and none", () => {
    const vocabularies = fc.constantFrom(["ab", "c", "ba"], ["a", "", "bcb"], ["abc", "b", "ca", "a\n"]);
    const flags = fc.constantFrom("", "s", "i", "u", "v", "su", "m", "g");
    fc.assert(
      fc.property(patterns, vocabularies, flags, (pattern, tokens, flag) => {
        expect(disagreements(pattern, flag, tokens, 4)).toEqual([]);
      }),
      { seed: 4, numRuns: 200 },
    );
  });

  test.each([
    ["[a-z]+", "i", ["A", "k", "\u212a", "ſ", "_"]],
    ["[a-z]+", "iu", ["A", "k", "\u212a", "ſ", "_"]],
    ["ß|ẞ|σ", "iu", ["ß", "ẞ", "ς", "Σ", "ss"]],
    [".", "", ["😀", "é", "\n", "\u2028"]],
    [".", "u", ["😀", "é", "\n", "\u2028"]],
    [".", "s", ["😀", "é", "\n", "\u2028"]],
    ["..", "", ["\ud83d", "\ude00", "a"]],
    ["😀+", "", ["😀", "\ude00", "\ud83d"]],
    ["😀+", "u", ["😀", "a"]],
    ["[😀é]", "v", ["😀", "é", "\ude00"]],
    ["\\p{Lu}\\P{Lu}*", "u", ["É", "é", "a", "B"]],
    ["[\\p{L}--[a-c]]+", "v", ["a", "d", "é", "1"]],
    ["\\p{Emoji_Keycap_Sequence}|x", "v", ["1", "\ufe0f\u20e3", "x", "#\ufe0f\u20e3"]],
    ["[\\q{abc|d}]x", "v", ["a", "bc", "d", "x"]],
    ["\\d{2}\\.\\w\\u{61}|\\cA", "", ["1", "2", ".", "a", "u{61}"]],
    ["a/b\\/c]}", "", ["a", "/b", "/", "c", "]}"]],
    ["(?<year>a)(?<day>b)|x{,2}", "", ["a", "b", "x", "{,2}"]],
  ])("reads /%s/%s as JavaScript does", (pattern, flags, tokens) => {
    expect(disagreements(pattern, flags, tokens, 4)).toEqual([]);
  });

  test.each(["^ab$", "^a|b$", "(^a|^b)c$", "(?:^(^a)|b)(c$|b$)", "^", "$", "^$", "^^a$$", "(|^a)b"])(
    "reads anchors at the outer edges: /%s/",
    (pattern) => {
      expect(disagreements(pattern, "", ["a", "b", "c"], 3)).toEqual([]);
    },
  );

  test.each([
    "(a*)*b",
    "(a*b*)*",
    "((a|b)*)*c",
    "(a?){2,}",
    "(a*?)+",
    "(|a)+",
    "((a{0,2}){0,2})*",
    "(a*b?){3}",
    "(()|[])*a",
  ])("reads repeated repetition: /%s/", (pattern) => {
    expect(disagreements(pattern, "", ["a", "b", "c"], 5)).toEqual([]);
  });

  test("is the smallest, with a start even where nothing matches", () => {
    const letters = [..."abcdefghijklmnopqrstuvwxyz"];
    expect(regex("(ab|cd?)*e{2,5}[a-m]+", letters).states).toBe(6);
    expect(regex("(a|b)*a(a|b){3}", ["a", "b"]).states).toBe(16);
    expect(regex("", ["a"]).states).toBe(1);
    for (const pattern of ["x", "[]", "a[^\\s\\S]", "ab"]) {
      const nothing = regex(pattern, ["a"]);
      expect([nothing.states, nothing.labels.length, isEmpty(nothing)]).toEqual([1, 0, true]);
    }
  });

  test("takes a string as a pattern without flags", () => {
    const tokens = ["a", "A", "\ud83d"];
    const machine = regex("a.", tokens);
    expect(sequences(3, 2).filter((sequence) => accepts(machine, sequence))).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
    ]);
  });
});

describe("a regular expression is refused", () => {
  const tokens = ["a", "b"];

  test.each([
    ["a(?=b)", "a look-ahead, (?=b), at column 1"],
    ["(a|(?!b)a)", "a negative look-ahead, (?!b), at column 3"],
    ["(?<=a)b", "a look-behind, (?<=a), at column 0"],
    ["a(?<!a)b", "a negative look-behind, (?<!a), at column 1"],
    ["a\\b", "a word boundary, \\b, at column 1"],
    ["a\\Bb", "a negated word boundary, \\B, at column 1"],
    ["(a)b\\1", "a back-reference, \\1, at column 4"],
    ["(?<x>a)\\k<x>", "a back-reference, \\k<x>, at column 7"],
    ["a^b", "an anchor that is not at an outer edge, ^, at column 1"],
    ["a$b", "an anchor that is not at an outer edge, $, at column 1"],
    ["(^a)*", "an anchor that is not at an outer edge, ^, at column 1"],
    ["$a^", "an anchor that is not at an outer edge, $, at column 0"],
    ["(?i:a)", "flags inside the pattern, (?i:a), at column 0"],
    ["(?:[^]*(?=$)){0}", "a look-ahead, (?=$), at column 7"],
  ])("for %s, by name and place", (pattern, what) => {
    expect(() => regex(pattern, tokens)).toThrow(RangeError);
    expect(() => regex(pattern, tokens)).toThrow(what);
  });

  test.each([
    ["(a", "cannot be read at column 2: unterminated group"],
    ["a{2,1}", "cannot be read at column 6: numbers out of order in {} quantifier"],
    ["[b-a]", "cannot be read at column 4: range out of order in character class"],
    ["*", "cannot be read at column 1: nothing to repeat"],
    ["a\\", "cannot be read at column 1: \\ at end of pattern"],
  ])("where it cannot be read: %s", (pattern, what) => {
    expect(() => regex(pattern, tokens)).toThrow(SyntaxError);
    expect(() => regex(pattern, tokens)).toThrow(what);
  });

  test.each([
    ["states to remember", "(a|b)*a(a|b){20}", "given up after 20,001 states, the limit is 20,000 states"],
    ["a long count", ".{1,30000}", "the limit is 20,000 states"],
    ["a longer count", "a{1000000000}", "expands to about"],
    ["a count of counts", "(a{1000}){1000}", "expands to about"],
    ["counts beyond numbers", `${"(".repeat(200)}a${"){999}".repeat(200)}`, "expands to endlessly many nodes"],
    ["much to skip", "(a?b?c?){3000}", "steps"],
    ["much to skip in counts", "((a?){100}b?){100}", "steps"],
    ["deep nesting", `${"(".repeat(50_000)}a${")".repeat(50_000)}`, "nested too deeply"],
    ["a long pattern", "a".repeat(1_000_001), "the limit is 1000000"],
  ])("promptly where it would explode: %s", (_, pattern, what) => {
    const begin = performance.now();
    expect(() => regex(pattern, tokens)).toThrow(what);
    // under 1 s alone; other tests run at the same time
    expect(performance.now() - begin).toBeLessThan(5000);
  });

  test("at the limit it is given", () => {
    expect(regex(".{1,30}", tokens, { maximumStates: 31 }).states).toBe(31);
    expect(() => regex(".{1,31}", tokens, { maximumStates: 31 })).toThrow("the limit is 31 states");
    expect(() => regex("a", tokens, { maximumStates: 0 })).toThrow(`"maximumStates" must be a whole number ≥ 1, got 0`);
  });

  test("where tokens could join two halves of a character that the flags read as one", () => {
    expect(() => regex(/./u, ["a", "\ud83d", "\ude00"])).toThrow("token 1 ends and token 2 begins with half");
    expect(regex(/./u, ["\ud83d", "a"]).labels).toHaveLength(2);
  });

  test("where it is not one", () => {
    expect(() => regex(5 as unknown as string, tokens)).toThrow(`"pattern" must be a regular expression or a string`);
  });
});
