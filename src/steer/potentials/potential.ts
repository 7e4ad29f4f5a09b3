import type { LanguageModel } from "../models/index.ts";

/** What long-running calls take. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * A log-weight of whole responses, `φ(y) ∈ [−∞, ∞)` in nats, that is known token by token.
 *
 * Responses are tokens of a model's vocabulary and then an end, any of `vocabulary.ends`. Rows are
 * `r(s,a) + Û(s⊕a) − Û(s)`: along a response they add up, with `start().value`, to `φ(y)`, whatever the value guess `Û` of what
 * is still to come; `Û = 0` after the end. A guess changes how well a response is steered towards, never what it weighs
 * (theory §8).
 *
 * @typeParam State what is remembered of the tokens so far; states are never changed, so that responses may branch
 */
export interface Potential<State = unknown> {
  /** What to call it. */
  readonly name: string;
  /** Whether `φ` is 0 or −∞ everywhere: a constraint. */
  readonly hard: boolean;
  /** The state before the response, and the value guess there, `Û(x)` in nats: 0 without lookahead. */
  start(): { readonly state: State; readonly value: number };
  /**
   * Rows `[vocabulary.size]` after some states, in nats; −∞ forbids. Rows may be shared and kept: they are read, never
   * written.
   */
  rows(states: readonly State[], options?: CallOptions): Promise<Float64Array[]>;
  /** Entry `tokens[i]` of the row of `states[i]`, where that costs less than whole rows. */
  at?(states: readonly State[], tokens: readonly number[], options?: CallOptions): Promise<Float64Array>;
  /** The state after a token that is no end and that the state's row does not forbid. */
  advance(state: State, token: number): State;
  /** What `log Z` is, where it was computed. */
  readonly logPartition?: KnownLogPartition;
}

/** `log Z = log Σ_y π(y|x)·exp φ(y)` of one potential, for one model and prompt, computed and not estimated. */
export interface KnownLogPartition {
  readonly model: LanguageModel;
  readonly prompt: readonly number[];
  /** Of responses of at most so many tokens. */
  readonly maximumTokens: number;
  /** Between these, in nats. */
  readonly interval: readonly [lower: number, upper: number];
}

/** A response, finished or so far, as a program sees it. */
export interface ResponseText {
  /** Tokens of the model, without the prompt and without the end. */
  readonly tokens: readonly number[];
  readonly text: string;
}

/** A log-weight that only programs know: it is asked about responses, not about tokens. */
export interface CompletePotential {
  /** What to call it. */
  readonly name: string;
  /** `φ(y)` of whole responses, in nats, one number each; −∞ forbids. */
  score(responses: readonly ResponseText[], options?: CallOptions): Promise<Float64Array>;
  /**
   * Guesses `Û` of `φ` from responses that are not finished, in nats, one finite number each. They steer resampling and
   * change nothing else: the weight of a response is multiplied by `exp(Û(s⊕a) − Û(s))` as it grows, and at its end by
   * `exp(φ(y) − Û(s))`, which together is `exp φ(y)` (`Û = 0` before the first token).
   */
  partial?(responses: readonly ResponseText[], options?: CallOptions): Promise<Float64Array>;
}
