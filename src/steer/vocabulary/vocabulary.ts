/** Tokens of a language model: the bytes each stands for, which of them end a text, and how a text becomes tokens. */
export interface Vocabulary {
  /** Length of the model's rows; tokens are `0 … size − 1`. */
  readonly size: number;
  /**
   * UTF-8 bytes that each token stands for in the middle of a text; a token may be part of a character. `null` for tokens
   * that stand for nothing and are never part of a response: beginnings, paddings, prompts. A token of {@link Vocabulary.ends}
   * may have bytes.
   */
  readonly bytes: readonly (Uint8Array | null)[];
  /** Tokens that end a response, in increasing order; empty where the model never ends. */
  readonly ends: readonly number[];
  /**
   * Tokens of a prompt, the token that stands before a text first where the model has one.
   *
   * @throws InputError or RangeError where the model has no tokens for the text
   */
  encode(text: string): Promise<number[]>;
  /**
   * Text of tokens: their bytes joined, as UTF-8, in which a part of a character that is not completed becomes U+FFFD. What
   * {@link Vocabulary.encode} gave comes back unchanged.
   *
   * @throws RangeError for a number that is no token
   */
  decode(tokens: readonly number[]): string;
}
