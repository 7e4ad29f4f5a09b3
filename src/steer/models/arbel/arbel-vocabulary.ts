import { type Architecture, embeddingRows, firstToken, type Tokenizer } from "../../../learn/index.ts";
import { endingWith } from "../../vocabulary/ending-with.ts";
import { textVocabulary } from "../../vocabulary/text-vocabulary.ts";
import type { Vocabulary } from "../../vocabulary/vocabulary.ts";
import { vocabularyOf } from "../../vocabulary/vocabulary-of.ts";

/**
 * The vocabulary of a model of text of our own: the tokenizer's tokens, and the one that begins texts.
 *
 * Such a model has no token for the end of a text: the tokens whose texts are `ends` end a response.
 *
 * @throws RangeError where an end is no token
 */
export const trainedTextVocabulary = (
  model: Architecture,
  tokenizer: Tokenizer,
  ends: readonly string[] | undefined,
): Vocabulary => {
  const encoder = new TextEncoder();
  const { tokens } = tokenizer;
  if (tokens.length !== model.actions) {
    throw new RangeError(
      `the tokenizer has ${tokens.length} tokens, but the model ${model.actions}: give the model's own`,
    );
  }
  const vocabulary = vocabularyOf({
    bytes: Array.from({ length: embeddingRows(model) }, (_, token) =>
      token < tokens.length ? encoder.encode(tokens[token]) : null,
    ),
    ends: [tokens.indexOf(LINE_END)].filter((id) => id >= 0),
    opening: [firstToken(model)],
    encode: (text) => [...tokenizer.encode(text)],
  });
  return ends ? endingWith(vocabulary, ends) : vocabulary;
};

const LINE_END = "\n";

/** The vocabulary of a model of a space: its tokens, the end, and what stands before responses; see {@link spaceEnd}. */
export const trainedSpaceVocabulary = (model: Architecture, tokens: readonly string[], prompt: number): Vocabulary => {
  const end = spaceEnd(model);
  return textVocabulary(tokens, {
    size: Math.max(embeddingRows(model), end + 1),
    end,
    begin: firstToken(model, prompt),
  });
};

/** The end of a response over a space: EOS, or one that the model does not have, after its last token, where all responses have one length. */
export const spaceEnd = (model: Architecture): number => (model.eos ? model.actions - 1 : embeddingRows(model));
