import { Tokenizer } from "@huggingface/tokenizers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tokenizerVocabulary } from "./tokenizer-vocabulary.ts";

const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false };
const special = (id: number, content: string) => ({ id, content, special: true, ...flags });
const begin = {
  type: "TemplateProcessing",
  single: [{ SpecialToken: { id: "<s>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
  pair: [],
  special_tokens: { "<s>": { id: "<s>", ids: [0], tokens: ["<s>"] } },
};

/** Characters that stand for the bytes of byte-level BPE, in the order of bytes: printable ones are themselves. */
const ALPHABET = (() => {
  let others = 0;
  return Array.from({ length: 256 }, (_, byte) => {
    const isPrintable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCharCode(isPrintable ? byte : 256 + others++);
  });
})();

/** Byte-level BPE as GPT-2 has it: all bytes, a few merges, an end, and a token that was added for tools. */
const byteLevel = {
  version: "1.0",
  added_tokens: [special(260, "<|end|>"), { id: 261, content: "<tool>", special: false, ...flags }],
  normalizer: null,
  pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
  post_processor: null,
  decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
  model: {
    type: "BPE",
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: false,
    byte_fallback: false,
    vocab: Object.fromEntries([...ALPHABET, "th", "the", "Ġthe", "ðŁ"].map((token, id) => [token, id])),
    merges: ["t h", "th e", "Ġ the", "ð Ł"],
  },
};

/** SentencePiece with bytes for what it has no piece for, as Llama 2 has it. */
const PIECES = [
  "<s>",
  "</s>",
  "<unk>",
  ...Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`),
  "▁",
  "a",
  "b",
  "é",
  "▁a",
  "ab",
];
const pieces = {
  version: "1.0",
  added_tokens: [special(0, "<s>"), special(1, "</s>"), special(2, "<unk>")],
  normalizer: {
    type: "Sequence",
    normalizers: [
      { type: "Prepend", prepend: "▁" },
      { type: "Replace", pattern: { String: " " }, content: "▁" },
    ],
  },
  pre_tokenizer: null,
  post_processor: begin,
  decoder: {
    type: "Sequence",
    decoders: [
      { type: "Replace", pattern: { String: "▁" }, content: " " },
      { type: "ByteFallback" },
      { type: "Fuse" },
      { type: "Strip", content: " ", start: 1, stop: 0 },
    ],
  },
  model: {
    ...byteLevel.model,
    unk_token: "<unk>",
    fuse_unk: true,
    byte_fallback: true,
    vocab: Object.fromEntries(PIECES.map((token, id) => [token, id])),
    merges: ["▁ a", "a b"],
  },
};

const KINDS = [
  ["byte-level BPE", byteLevel, {}],
  ["SentencePiece", pieces, { eos_token: "</s>" }],
] as const;

const texts = fc.string({ unit: fc.constantFrom(..." aabbéthe🐋字\n\t  zZ"), maxLength: 20 });

describe.each(KINDS)("%s", (_, tokenizer, config) => {
  const vocabulary = tokenizerVocabulary({ tokenizer, config });

  test("texts come back, and are the bytes of their tokens", async () => {
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        const tokens = await vocabulary.encode(text);
        expect(vocabulary.decode(tokens)).toBe(text);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  test("tokens are those of Hugging Face's own", async () => {
    const own = new Tokenizer(tokenizer, config);
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        expect(await vocabulary.encode(text)).toEqual(text === "" ? await vocabulary.encode("") : own.encode(text).ids);
      }),
      { seed: 2, numRuns: 200 },
    );
  });

  test("a character in parts is whole once its last byte is there", async () => {
    const tokens = await vocabulary.encode("a🐋");
    expect(vocabulary.decode(tokens.slice(0, -1))).toMatch(/^a\uFFFD+$/);
    expect(vocabulary.decode(tokens)).toBe("a🐋");
  });
});

test("knows bytes, special tokens and ends", async () => {
  const bytes = tokenizerVocabulary({ tokenizer: byteLevel }, { ends: [260], begin: 260, size: 264 });
  expect([...(bytes.bytes[258] ?? [])]).toEqual([0x20, 0x74, 0x68, 0x65]);
  expect([...(bytes.bytes[259] ?? [])]).toEqual([0xf0, 0x9f]);
  expect(bytes.bytes.slice(260)).toEqual([null, new TextEncoder().encode("<tool>"), null, null]);
  expect(bytes.ends).toEqual([260]);
  expect(await bytes.encode("")).toEqual([260]);
  expect(await bytes.encode("the<tool>")).toEqual([257, 261]);
  const sentence = tokenizerVocabulary({ tokenizer: pieces, config: { eos_token: { content: "</s>" } } });
  expect(sentence.ends).toEqual([1]);
  expect(sentence.bytes.slice(0, 4)).toEqual([null, null, null, Uint8Array.of(0)]);
  expect(new TextDecoder().decode(sentence.bytes[263] ?? undefined)).toBe(" a");
  expect(await sentence.encode("")).toEqual([0]);
  // in the middle of a text the space belongs to the token
  expect(sentence.decode([263, 260])).toBe(" aa");
  expect(sentence.decode([0, 263, 260])).toBe("aa");
});

describe("refuses", () => {
  const refusal =
    (tokenizer: unknown, model = {}) =>
    () =>
      tokenizerVocabulary({ tokenizer, source: "t.json" }, model);

  test.each<[string, unknown, RegExp]>([
    ["no tokenizer", null, /^t\.json: has no "model" with a "vocab"/],
    ["no vocabulary", { model: {} }, /has no "model" with a "vocab"/],
    ["an empty one", { ...byteLevel, added_tokens: [], model: { ...byteLevel.model, vocab: {} } }, /has no tokens/],
    [
      "WordPiece",
      { ...byteLevel, model: { ...byteLevel.model, type: "WordPiece" } },
      /a WordPiece model is not supported/,
    ],
    ["other decoders", { ...byteLevel, decoder: { type: "CTC" } }, /the decoder "CTC" is not supported/],
    [
      "other replacements",
      { ...byteLevel, decoder: { type: "Replace", pattern: { String: "x" }, content: " " } },
      /"Replace" is not/,
    ],
    ["ids that are none", { ...byteLevel, model: { ...byteLevel.model, vocab: { a: -1 } } }, /the id of "a" is -1/],
    [
      "texts of another alphabet",
      { ...byteLevel, model: { ...byteLevel.model, vocab: { 字: 0 } } },
      /"字" is no text of byte-level/,
    ],
  ])("%s", (_, tokenizer, message) => {
    expect(refusal(tokenizer)).toThrow(message);
  });

  test("another model's", () => {
    expect(refusal(byteLevel, { size: 200 })).toThrow(/has 262 tokens, but the model 200/);
    expect(refusal(byteLevel, { size: 300 })).toThrow(/has 262 tokens, but the model 300/);
    expect(refusal(byteLevel, { size: 270 })).not.toThrow();
  });
});
