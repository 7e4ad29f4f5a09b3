import { type Space, textOf } from "../space/index.ts";

/** A response as the command line tells it. */
export interface Told {
  /** Text of each token, without EOS. */
  readonly tokens: readonly string[];
  /** The tokens joined. */
  readonly text: string;
  /** In nats. */
  readonly logProbability: number;
}

/** A response as the command line tells it. */
export const told = (space: Space, tokens: ArrayLike<number>, logProbability: number): Told => ({
  tokens: Array.from(tokens, (token) => space.tokens[token] as string),
  text: textOf(space, tokens),
  logProbability,
});
