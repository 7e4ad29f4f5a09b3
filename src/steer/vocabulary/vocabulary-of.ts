import type { Vocabulary } from "./vocabulary.ts";

/** What {@link vocabularyOf} makes a vocabulary of. */
export interface VocabularyParts {
  readonly bytes: readonly (Uint8Array | null)[];
  readonly ends: readonly number[];
  /** Tokens of a text, without those that stand before it. */
  readonly encode: (text: string) => readonly number[] | Promise<readonly number[]>;
  /** Tokens that stand before every text. */
  readonly opening?: readonly number[];
  /** What the tokenizer puts before every text, which is no part of it: SentencePiece's space. */
  readonly prefix?: string;
}

/** A vocabulary whose texts are read from the bytes of its tokens. */
export const vocabularyOf = (parts: VocabularyParts): Vocabulary => {
  const { bytes, ends, encode, opening = [], prefix = "" } = parts;
  return {
    size: bytes.length,
    bytes,
    ends: [...new Set(ends)].sort((a, b) => a - b),
    encode: async (text) => [...opening, ...(await encode(text))],
    decode: (tokens) => {
      const text = textOfBytes(tokens.map((token) => bytesOf(bytes, token)));
      const isWhole = opening.length > 0 && opening.every((token, place) => tokens[place] === token);
      return isWhole && text.startsWith(prefix) ? text.slice(prefix.length) : text;
    },
  };
};

const NONE = new Uint8Array(0);

const bytesOf = (bytes: readonly (Uint8Array | null)[], token: number): Uint8Array => {
  const found = bytes[token];
  if (found === undefined) {
    throw new RangeError(`${token} is no token: the vocabulary has the tokens 0 to ${bytes.length - 1}`);
  }
  return found ?? NONE;
};

/** Text of pieces of UTF-8 that need not end where characters do. */
const textOfBytes = (pieces: readonly Uint8Array[]): string => {
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  // A decoder would drop a byte order mark at the start, which the text had.
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(all);
};
