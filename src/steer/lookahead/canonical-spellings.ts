import type { Vocabulary } from "../vocabulary/index.ts";
import type { SpellingFilter } from "./spelling-tree.ts";

/**
 * A filter that keeps, of each text, the tokens that the tokenizer gives for the prompt and the text after it.
 *
 * @throws RangeError where the tokenizer joins the end of the prompt with the beginning of a text
 */
export const canonicalSpellings = async (
  vocabulary: Vocabulary,
  prompt: readonly number[],
  texts: readonly Uint8Array[],
): Promise<SpellingFilter> => {
  const beginnings = new Map<string, { readonly next: Set<number>; ends: boolean }>();
  const beginningOf = (tokens: readonly number[]) => {
    const key = tokens.join();
    const known = beginnings.get(key) ?? { next: new Set<number>(), ends: false };
    beginnings.set(key, known);
    return known;
  };
  const before = vocabulary.decode(prompt);
  for (const bytes of texts) {
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    const whole = await vocabulary.encode(before + text);
    if (prompt.some((token, place) => whole[place] !== token)) {
      throw new RangeError(
        `the tokenizer spells the prompt otherwise when ${JSON.stringify(text)} follows: end the prompt where a token ends ` +
          "(a space belongs to the word after it), or take all spellings",
      );
    }
    const tokens = whole.slice(prompt.length);
    for (const [place, token] of tokens.entries()) beginningOf(tokens.slice(0, place)).next.add(token);
    beginningOf(tokens).ends = true;
  }
  const none = { next: new Set<number>(), ends: false };
  return (tokens) => beginnings.get(tokens.join()) ?? none;
};
