import type { Tokenizer } from "./tokenizer.ts";

/** Texts to learn from and to judge by. */
export interface Corpus {
  readonly tokenizer: Tokenizer;
  /** Tokens to learn from, one text after the other. */
  readonly train: Int32Array;
  /** Tokens to judge by, of text that is never learned from. */
  readonly heldOut: Int32Array;
  /** Characters (Unicode code points) of the text to judge by. */
  readonly heldOutCharacters: number;
}

/**
 * Texts as tokens.
 *
 * @param learned what to learn from
 * @param heldOut what to judge by
 * @throws RangeError where a text has a character that is no token, or there are fewer than two tokens to learn from or none
 * to judge by
 */
export const corpusOf = (tokenizer: Tokenizer, learned: readonly string[], heldOut: readonly string[]): Corpus => {
  const [train, judged] = [learned.join(""), heldOut.join("")].map((text) => tokenizer.encode(text)) as [
    Int32Array,
    Int32Array,
  ];
  if (train.length < 2) throw new RangeError(`there are ${train.length} tokens to learn from: give a longer text`);
  if (judged.length === 0) throw new RangeError("there is no text held out: hold out more of it");
  return { tokenizer, train, heldOut: judged, heldOutCharacters: charactersOf(heldOut.join("")) };
};

const charactersOf = (text: string): number => {
  let count = 0;
  for (const _ of text) count++;
  return count;
};

/**
 * Splits a text into what to learn from and its last part, which is held out.
 *
 * @param share of the text that is held out, 0 < share < 1; from there the held-out part begins with the next line, if there is one
 */
export const splitText = (text: string, share: number): readonly [learned: string, heldOut: string] => {
  if (!(share > 0 && share < 1)) throw new RangeError(`the held-out share must be > 0 and < 1, got ${share}`);
  const from = Math.floor(text.length * (1 - share));
  const line = text.indexOf("\n", from) + 1;
  const at = line > 0 && line < text.length ? line : beforeCharacter(text, from);
  return [text.slice(0, at), text.slice(at)];
};

/** The place itself, or the one before where a character of two UTF-16 units would be cut. */
const beforeCharacter = (text: string, at: number): number => {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff ? at - 1 : at;
};
