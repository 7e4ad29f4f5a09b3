import type { CompletePotential, Potential } from "../potentials/index.ts";

/**
 * What is wished of a response `y`: the target is `p*(y) ∝ π(y)·exp φ(y)` over texts of at most `maximumTokens` tokens and an end.
 *
 * The model must end the response itself: `π(y)` has the probability of an end after the tokens, and `Z` that of all the wish and the
 * limit allow. Tokens that stand for no text are never part of a response. Source: theory §8.
 */
export interface Wish {
  /** `φ`, known token by token, with a guess of what is to come. */
  readonly potential: Potential;
  /** Parts of `φ` that are known of whole responses only: each is added when a particle ends. */
  readonly complete?: readonly CompletePotential[];
  /** Most tokens of a response, its end not counted; after so many, only an end is allowed. */
  readonly maximumTokens: number;
}
