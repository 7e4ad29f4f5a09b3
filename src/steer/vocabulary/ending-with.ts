import type { Vocabulary } from "./vocabulary.ts";

/**
 * A vocabulary in which the tokens of these texts end a response, and no others.
 *
 * @throws RangeError where a text is no token's
 */
export const endingWith = (vocabulary: Vocabulary, texts: readonly string[]): Vocabulary => {
  const encoder = new TextEncoder();
  const ends = texts.map((text) => {
    const wanted = encoder.encode(text).join();
    const token = vocabulary.bytes.findIndex((bytes) => bytes?.join() === wanted);
    if (token >= 0) return token;
    throw new RangeError(
      `the end ${JSON.stringify(text)} is none of the model's ${vocabulary.size} tokens: name one of them`,
    );
  });
  return { ...vocabulary, ends: [...new Set(ends)].sort((a, b) => a - b) };
};
