import { mergeWord, type Ranks } from "./merge-word.ts";

/** Text to token ids and back. */
export interface Tokenizer {
  /** Text of every token; its id is its place. */
  readonly tokens: readonly string[];
  /** Pairs of ids that become one token, the first to be merged first; none where tokens are characters. */
  readonly merges: readonly (readonly [left: number, right: number])[];
  /** The ids of a text. @throws RangeError naming the first character that no token stands for, and its place */
  encode(text: string): Int32Array;
  /** The text of ids; what {@link Tokenizer.encode} gave comes back unchanged. @throws RangeError for an id that is no token's */
  decode(ids: ArrayLike<number>): string;
}

/**
 * Splits a text into pieces within which merges stay: letters, digits or other signs, each with the space before them,
 * and white space. The pattern is that of GPT-2 without its English contractions.
 */
const PIECES =
  / ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

/**
 * A tokenizer of these tokens and merges: characters, and what byte-pair encoding (Sennrich and others, arXiv 1508.07909)
 * made of them. Tokens are texts, never parts of a character, so that patterns and automata can speak about them.
 *
 * @throws RangeError where tokens repeat or are empty, or a merge is not of two tokens into a third
 */
export const tokenizerOf = (tokens: readonly string[], merges: Tokenizer["merges"]): Tokenizer => {
  const ids = idsOf(tokens);
  const ranks = ranksOf(tokens, merges, ids);
  const known = new Map<string, Int32Array>();
  const encodePiece = (piece: string): Int32Array => {
    const cached = known.get(piece);
    if (cached) return cached;
    const word = mergeWord(characterIds(piece, ids), ranks);
    // long pieces seldom come back
    if (piece.length <= LONGEST_KEPT) known.set(piece, word);
    return word;
  };
  return {
    tokens,
    merges,
    encode: (text) => {
      try {
        return merges.length === 0 ? characterIds(text, ids) : concatenate(piecesOf(text).map(encodePiece));
      } catch (error) {
        throw error instanceof UnknownCharacter ? located(text, error.character, tokens.length) : error;
      }
    },
    decode: (sequence) => Array.from(sequence, (id) => tokenText(tokens, id)).join(""),
  };
};

/** The pieces of a text, which joined are the text. */
export const piecesOf = (text: string): readonly string[] => text.match(PIECES) ?? [];

const LONGEST_KEPT = 64;

/** Thrown on the way to the error that says where. */
class UnknownCharacter extends Error {
  readonly character: string;
  constructor(character: string) {
    super(character);
    this.character = character;
  }
}

const idsOf = (tokens: readonly string[]): ReadonlyMap<string, number> => {
  const ids = new Map<string, number>();
  for (const [id, token] of tokens.entries()) {
    if (token === "") throw new RangeError(`token ${id} is empty: every token must have a text`);
    if (ids.has(token)) throw new RangeError(`tokens ${ids.get(token)} and ${id} are both ${JSON.stringify(token)}`);
    ids.set(token, id);
  }
  return ids;
};

const ranksOf = (tokens: readonly string[], merges: Tokenizer["merges"], ids: ReadonlyMap<string, number>): Ranks => {
  const ranks = new Map<number, readonly [rank: number, merged: number]>();
  for (const [rank, [left, right]] of merges.entries()) {
    const merged = ids.get(tokenText(tokens, left) + tokenText(tokens, right));
    if (merged === undefined)
      throw new RangeError(`merge ${rank} is of tokens ${left} and ${right}, which make no token`);
    ranks.set(left * tokens.length + right, [rank, merged]);
  }
  return { tokens: tokens.length, ranks };
};

const tokenText = (tokens: readonly string[], id: number): string => {
  const text = tokens[id];
  if (text === undefined)
    throw new RangeError(`${id} is no token: the vocabulary has the ids 0 to ${tokens.length - 1}`);
  return text;
};

const characterIds = (text: string, ids: ReadonlyMap<string, number>): Int32Array => {
  const out = new Int32Array(text.length);
  let length = 0;
  for (const character of text) {
    const id = ids.get(character);
    if (id === undefined) throw new UnknownCharacter(character);
    out[length++] = id;
  }
  return length === out.length ? out : out.slice(0, length);
};

const located = (text: string, character: string, tokens: number): RangeError => {
  const before = text.slice(0, text.indexOf(character)).split("\n");
  const column = [...(before.at(-1) as string)].length + 1;
  const code = (character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0");
  return new RangeError(
    `line ${before.length}, column ${column}: the character ${JSON.stringify(character)} (U+${code}) is not in the vocabulary ` +
      `of ${tokens} tokens: remove it, or train a tokenizer on a text that has it`,
  );
};

const concatenate = (parts: readonly Int32Array[]): Int32Array => {
  const out = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
};
