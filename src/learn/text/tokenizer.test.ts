import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { piecesOf, type Tokenizer, tokenizerOf } from "./tokenizer.ts";
import { BEGIN_TEXT, parseTokenizer, tokenizerConfig, tokenizerJson } from "./tokenizer-json.ts";
import { trainTokenizer } from "./train-tokenizer.ts";

const CORPUS = [
  "Call me Ishmael. Some years ago—never mind how long precisely—having little or no money in my purse, and nothing " +
    "particular to interest me on shore, I thought I would sail about a little.\n\n\nIt is a way I have   of driving off the " +
    "spleen, and regulating the circulation.  \t “Queequeg,” said I, 123 1851; ünïcödé 🐳🐋 e\u0301 \u00a0 x\u0085y\ufeffz\n",
  "the whale the whale the whale aaaa aaaaa aaaaaaa ----------- 1111 ",
];

const KINDS = [
  ["char", "char"],
  ["bpe:100", { tokens: 100 }],
  ["bpe:200", { tokens: 200 }],
] as const;

/** Texts over the corpus's characters, repetitive enough for merges to compete. */
const texts = fc.oneof(
  fc.array(fc.constantFrom(...new Set(CORPUS.join("")), " ", "a", "a", "e"), { maxLength: 60 }).map((c) => c.join("")),
  fc
    .array(fc.constantFrom("the", " whale", "aa", "aaa", "  ", "\n\n", " 11", "--", "it", " it"), { maxLength: 30 })
    .map((w) => w.join("")),
);

describe.each(KINDS)("%s", (_, kind) => {
  const tokenizer = trainTokenizer(CORPUS, kind);

  test("decodes what it encodes", () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
      }),
      { seed: 1 },
    );
  });

  test("encodes and decodes as Hugging Face's tokenizers do with the saved file", () => {
    const saved = JSON.parse(JSON.stringify(tokenizerJson(tokenizer)));
    const theirs = new HuggingFaceTokenizer(saved, tokenizerConfig(64));
    fc.assert(
      fc.property(texts, (text) => {
        const ids = [...tokenizer.encode(text)];
        expect(theirs.encode(text, { add_special_tokens: false }).ids).toEqual(ids);
        expect(theirs.encode(text).ids).toEqual([tokenizer.tokens.length, ...ids]);
        if (ids.length > 0)
          expect(theirs.decode([tokenizer.tokens.length, ...ids], { skip_special_tokens: true })).toBe(text);
      }),
      { seed: 2, numRuns: 300 },
    );
    for (const text of CORPUS)
      expect(theirs.encode(text, { add_special_tokens: false }).ids).toEqual([...tokenizer.encode(text)]);
    expect(theirs.token_to_id(BEGIN_TEXT)).toBe(tokenizer.tokens.length);
  });

  test("comes back from its file", () => {
    const again = parseTokenizer(JSON.stringify(tokenizerJson(tokenizer)));
    expect(again.tokens).toEqual(tokenizer.tokens);
    expect(again.merges).toEqual(tokenizer.merges);
  });

  test("is the same whatever the order of equal work", () => {
    expect(trainTokenizer(CORPUS, kind).merges).toEqual(tokenizer.merges);
  });
});

test("pieces make up the text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(piecesOf(text).join("")).toBe(text);
    }),
    { seed: 3 },
  );
});

/** The most frequent pair merged again and again, by counting everything afresh each time. */
const plainMerges = (text: string, count: number): string[] => {
  let words = piecesOf(text).map((piece) => [...piece]);
  const order = [...new Set(text)].sort();
  const found: string[] = [];
  for (let n = 0; n < count; n++) {
    const counts = new Map<string, number>();
    for (const word of words) {
      for (let i = 0; i + 1 < word.length; i++) {
        const pair = JSON.stringify([word[i], word[i + 1]]);
        counts.set(pair, (counts.get(pair) ?? 0) + 1);
      }
    }
    const rank = (pair: string) => (JSON.parse(pair) as string[]).map((token) => order.indexOf(token));
    const [best] = [...counts]
      .filter(([, times]) => times >= 2)
      .sort(([a, m], [b, n]) => {
        const [[al, ar], [bl, br]] = [rank(a), rank(b)] as [[number, number], [number, number]];
        return n - m || al - bl || ar - br;
      });
    if (!best) break;
    const [left, right] = JSON.parse(best[0]) as [string, string];
    if (!order.includes(left + right)) order.push(left + right);
    found.push(left + right);
    words = words.map((word) => {
      const out: string[] = [];
      for (let i = 0; i < word.length; i++) {
        if (word[i] === left && word[i + 1] === right) {
          out.push(left + right);
          i++;
        } else out.push(word[i] as string);
      }
      return out;
    });
  }
  return found;
};

test("merges the most frequent pair first, counted afresh", () => {
  const text = CORPUS.join(" ").replaceAll(/[^\x20-\x7f]/g, "");
  const { tokens, merges } = trainTokenizer([text], { tokens: new Set(text).size + 40 });
  expect(merges.map(([left, right]) => `${tokens[left]}${tokens[right]}`)).toEqual(plainMerges(text, merges.length));
});

test("stops where no pair occurs twice", () => {
  expect(trainTokenizer(["abab"], { tokens: 50 }).tokens).toEqual(["a", "b", "ab"]);
});

test("a long line is no trap", () => {
  const tokenizer = trainTokenizer(["-".repeat(64)], { tokens: 7 });
  const line = "-".repeat(200_001);
  expect(tokenizer.decode(tokenizer.encode(line))).toBe(line);
});

describe("refuses", () => {
  const tokenizer: Tokenizer = trainTokenizer(["abc\n"], "char");

  test("a character that is no token, by its place", () => {
    expect(() => tokenizer.encode("ab\ncé")).toThrow(
      /line 2, column 2: the character "é" \(U\+00E9\) is not in the vocab/,
    );
  });

  test("ids beyond the vocabulary", () => {
    expect(() => tokenizer.decode([0, 4])).toThrow(/4 is no token: the vocabulary has the ids 0 to 3/);
  });

  test("texts without a character, too few tokens, tokens that repeat", () => {
    expect(() => trainTokenizer(["", ""], "char")).toThrow(/empty/);
    expect(() => trainTokenizer(["abc"], { tokens: 2 })).toThrow(/3 different characters.*got 2/);
    expect(() => tokenizerOf(["a", "a"], [])).toThrow(/tokens 0 and 1 are both "a"/);
    expect(() => tokenizerOf(["a", ""], [])).toThrow(/token 1 is empty/);
    expect(() => tokenizerOf(["a", "b"], [[0, 1]])).toThrow(/merge 0 .* make no token/);
  });

  test.each([
    ["{", /t\.json: is not JSON/],
    ["null", /t\.json: is not a tokenizer that arbel train made/],
    [JSON.stringify({ model: { type: "Unigram" } }), /is not a tokenizer that arbel train made/],
  ])("the file %s", (text, message) => {
    expect(() => parseTokenizer(text, "t.json")).toThrow(message);
  });

  test("a damaged file", () => {
    const json = tokenizerJson(trainTokenizer(["abab"], { tokens: 3 })) as {
      model: { vocab: Record<string, unknown> };
    };
    const damage = (vocab: Record<string, unknown>, merges: unknown[]) =>
      JSON.stringify({ ...json, model: { ...json.model, vocab, merges } });
    expect(() => parseTokenizer(damage({ a: 0, b: "x" }, []))).toThrow(/the id of "b" is damaged/);
    expect(() => parseTokenizer(damage({ a: 0, b: 2 }, []))).toThrow(/numbering/);
    expect(() => parseTokenizer(damage({ a: 0, b: 1 }, [["a", "x"]]))).toThrow(/merge 0 is damaged/);
    expect(() => parseTokenizer(damage({ a: 0, b: 1 }, [["a", "b"]]))).toThrow(/make no token/);
  });
});
