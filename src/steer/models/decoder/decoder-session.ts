/** Keys and values of the tokens that a batch of contexts has so far; all have the same number of tokens. */
export interface KeysAndValues {
  readonly rows: number;
  /** Tokens of each context. */
  readonly length: number;
  /** Of each layer its keys, then its values: `[rows, heads, length, width]`, float32. */
  readonly parts: readonly Float32Array[];
}

/** What a session gives for new tokens. */
export interface DecoderOutput {
  /** Logits after every new token, `[rows, new tokens, vocabulary]`, in nats. */
  readonly logits: Float32Array;
  /** Keys and values of past and new tokens together. */
  readonly present: KeysAndValues;
}

/** A causal Transformer that runs somewhere: new tokens and the keys and values before them in, logits out. */
export interface DecoderSession {
  /** Numbers in a row of logits. */
  readonly vocabulary: number;
  /** Heads and head width of the keys and values, of each layer's keys and then its values. */
  readonly parts: readonly { readonly heads: number; readonly width: number }[];
  /**
   * @param tokens new tokens `[rows, new tokens]`, at least one each
   * @param past of the same number of rows; its length may be 0
   */
  run(tokens: readonly (readonly number[])[], past: KeysAndValues): Promise<DecoderOutput>;
  dispose(): Promise<void>;
}
