import type { Vocabulary } from "../vocabulary/vocabulary.ts";

/** What a model says comes after a context. Rows may be shared and kept: they are read, never written. */
export interface NextTokens {
  /**
   * `log π(a|context)` of every token, `[vocabulary.size]`, in nats; −∞ where the model gives 0, and where a server did not
   * say. Probabilities sum to `1 − missing`.
   */
  readonly logProbabilities: Float64Array;
  /** Probability of the tokens that a server did not report (top-k truncation); 0 of a whole distribution. */
  readonly missing: number;
}

/** What a model was asked for so far. */
export interface Usage {
  /** Contexts whose rows were computed: those answered from a cache, or asked for twice at once, do not count. */
  readonly calls: number;
  /** Tokens that the model read for them: those whose keys and values were in a cache do not count. */
  readonly tokens: number;
  /** Contexts that were longer than the model sees, and were cut to their last tokens. */
  readonly cut: number;
}

/**
 * A language model: contexts in, rows of next-token log-probabilities out.
 *
 * Every adapter obeys the same laws: a row is normalised or says what is missing; it depends on its context alone, not on what
 * was asked before or beside it (up to the rounding of the machine that computes it: ≤ 1e-5 for float32).
 */
export interface LanguageModel {
  /** What to call the model. */
  readonly name: string;
  readonly vocabulary: Vocabulary;
  /**
   * What comes after each context: a prompt's tokens, as {@link Vocabulary.encode} gives them, and tokens after them. One row
   * each, in their order.
   *
   * Contexts that are asked for together are computed together, and those that begin alike share that work, also with earlier
   * calls.
   *
   * @throws RangeError for a number that is no token, or a context that the model cannot take; what the signal says once
   * it is aborted
   */
  next(
    contexts: readonly (readonly number[])[],
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<NextTokens[]>;
  /** What was asked of the model so far. */
  usage(): Usage;
  /**
   * Frees memory, threads and connections. What is under way ends first, requests to a server are given up, and later calls are
   * refused. May be called again.
   */
  dispose(): Promise<void>;
}
