import { expect, test } from "vitest";
import { namedTokens, tokenizerVocabulary } from "../../vocabulary/tokenizer-vocabulary.ts";
import { tokenNames } from "./token-names.ts";

/** SentencePiece with byte fallback, as Llama 2 has it: "," and "a" have a piece and a byte, a line break has a byte alone. */
const BYTES = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`);
const PIECES = ["<s>", "</s>", "<unk>", ...BYTES, "▁", ",", "a"];
const files = {
  tokenizer: {
    version: "1.0",
    added_tokens: ["<s>", "</s>", "<unk>"].map((content, id) => ({ id, content, special: true })),
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: "▁" }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
      ],
    },
    model: {
      type: "BPE",
      unk_token: "<unk>",
      fuse_unk: true,
      byte_fallback: true,
      vocab: Object.fromEntries(PIECES.map((token, id) => [token, id])),
      merges: [],
    },
  },
};
const names = tokenNames(tokenizerVocabulary(files), namedTokens(files));
const id = (token: string) => PIECES.indexOf(token);

test("a text is its own token, not the one of its byte", () => {
  expect(names.idOf(",")).toBe(id(","));
  expect(names.idOf("anything", [0x2c])).toBe(id(","));
  expect(names.idOf("a")).toBe(id("a"));
});

test("the token of a byte is found by its name, and by its text where no other token has it", () => {
  expect(names.idOf("<0x2C>")).toBe(id("<0x2C>"));
  expect(names.idOf("<0x2C>", [0x2c])).toBe(id("<0x2C>"));
  expect(names.idOf("\n")).toBe(id("<0x0A>"));
  expect(names.idOf("bytes:\\xf0")).toBe(id("<0xF0>"));
});

test("special tokens are found by their names, and what no token spells by none", () => {
  expect(names.idOf("</s>")).toBe(id("</s>"));
  expect(names.idOf("token_id:7")).toBe(7);
  expect(names.idOf("Q and A")).toBeUndefined();
});
