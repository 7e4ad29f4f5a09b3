import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { accepts } from "./automaton.ts";
import { byteRegex } from "./byte-regex.ts";
import { bytesOfText } from "./utf8.ts";

const PATTERNS: readonly (string | RegExp)[] = [
  "a*b",
  ".",
  "..",
  "[^a]{2}",
  "[é-ü]+|😀?",
  "(é|ab)*",
  /[\p{L}]{1,3}/u,
  /é/iu,
  /[😀-😎]{2}/u,
  "[^]*ab[^]*",
  /[߀-ࠀ￿-𐀀]*/u,
];

/** Pieces around the borders of UTF-8's lengths. */
const PIECES = ["a", "b", "é", "É", "ü", "😀", "😎", "߿", "ࠀ", "￿", "𐀀", "\n", "z"];

describe("a regular expression over bytes", () => {
  const texts = fc.array(fc.constantFrom(...PIECES), { maxLength: 4 }).map((pieces) => pieces.join(""));

  test.each(PATTERNS)("%s accepts the spellings of the texts that JavaScript matches", (pattern) => {
    const machine = byteRegex(pattern);
    const { source, flags } = new RegExp(pattern);
    const whole = new RegExp(`^(?:${source})$`, flags.includes("u") ? flags : `${flags}u`);
    fc.assert(
      fc.property(texts, (text) => accepts(machine, bytesOfText(text)) === whole.test(text)),
      { seed: 1, numRuns: 300 },
    );
  });

  test("agrees with JavaScript on every code point", () => {
    const machine = byteRegex(/\p{Lu}|[\u{10000}-\u{10ffff}]/u);
    const wrong: number[] = [];
    // every 7th, and all around the borders of the lengths
    for (let point = 0; point <= 0x10ffff; point += point < 0x900 || (point > 0xd700 && point < 0xe100) ? 1 : 7) {
      if (point >= 0xd800 && point <= 0xdfff) continue;
      const text = String.fromCodePoint(point);
      if (accepts(machine, bytesOfText(text)) !== /^(?:\p{Lu}|[\u{10000}-\u{10ffff}])$/u.test(text)) wrong.push(point);
    }
    expect(wrong).toEqual([]);
  });

  test("accepts nothing but UTF-8: parts of characters, overlong spellings and surrogates are none", () => {
    const machine = byteRegex("[^]*");
    for (const bytes of [
      [0xc3],
      [0xa9],
      [0xc0, 0x80],
      [0xe0, 0x80, 0x80],
      [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xff],
    ]) {
      expect(accepts(machine, bytes)).toBe(false);
    }
    expect(accepts(machine, bytesOfText("aé€😀"))).toBe(true);
  });

  test("is small for large sets of characters", () => {
    expect(byteRegex("[^]*").states).toBeLessThan(10);
    expect(byteRegex(/\p{L}+/u).states).toBeLessThan(400);
  });

  test("refuses a pattern that is not valid with the flag u, saying where", () => {
    expect(() => byteRegex("a\\-b")).toThrow(/cannot be read at column 2/);
    expect(() => byteRegex("(?=a)b")).toThrow(/look-ahead/);
  });
});
