import type { Vocabulary } from "./vocabulary.ts";
import { vocabularyOf } from "./vocabulary-of.ts";

/**
 * The vocabulary of a space: tokens `0, 1, …` that are whole texts, and tokens after them that are none, one of which is the end.
 *
 * A prompt becomes the fewest tokens that spell it; of several such spellings, the one whose first difference is the
 * smaller token.
 *
 * @param texts of the tokens, distinct
 * @param rest.size number of tokens in all
 * @param rest.end the end, `≥ texts.length`
 * @param rest.begin what stands before every text, `≥ texts.length`
 */
export const textVocabulary = (
  texts: readonly string[],
  rest: { readonly size: number; readonly end: number; readonly begin?: number | undefined },
): Vocabulary => {
  const encoder = new TextEncoder();
  const { size, end, begin } = rest;
  return vocabularyOf({
    bytes: Array.from({ length: size }, (_, token) => (token < texts.length ? encoder.encode(texts[token]) : null)),
    ends: [end],
    opening: begin === undefined ? [] : [begin],
    encode: (text) => fewestTokens(texts, text),
  });
};

/** Tokens that spell a text, as few as can be. */
const fewestTokens = (texts: readonly string[], text: string): number[] => {
  // counts[i]: the fewest tokens that spell the text from i on
  const counts = new Array<number>(text.length + 1).fill(Infinity);
  const tokens = new Array<number>(text.length).fill(-1);
  counts[text.length] = 0;
  for (let at = text.length - 1; at >= 0; at--) {
    for (const [token, piece] of texts.entries()) {
      if (piece === "" || !text.startsWith(piece, at)) continue;
      const count = 1 + (counts[at + piece.length] as number);
      if (count < (counts[at] as number)) [counts[at], tokens[at]] = [count, token];
    }
  }
  if (counts[0] === Infinity) {
    throw new RangeError(`the tokens of the model do not spell ${JSON.stringify(text)}: use the texts of its tokens`);
  }
  const out: number[] = [];
  for (let at = 0; at < text.length; at += (texts[out.at(-1) as number] as string).length) {
    out.push(tokens[at] as number);
  }
  return out;
};
