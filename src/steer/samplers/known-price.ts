import type { LanguageModel } from "../models/index.ts";
import type { LogPartition } from "./log-partition.ts";
import type { Wish } from "./wish.ts";

/** `log Z` of a wish, where its potential's lookahead has computed it for this model, prompt and limit of tokens. */
export const knownPrice = (
  model: LanguageModel,
  prompt: readonly number[],
  { potential: { price }, complete = [], maximumTokens }: Wish,
): LogPartition | undefined => {
  if (!price || complete.length > 0) return;
  const samePrompt = price.prompt.length === prompt.length && price.prompt.every((token, i) => token === prompt[i]);
  if (price.model !== model || !samePrompt || price.maximumTokens > maximumTokens) return;
  return { estimate: price.interval[0], standardError: 0, interval: price.interval, exact: true };
};

/** What holds of a `log Z` that is known. */
export const exactly = ({ interval: [lower, upper] }: LogPartition): string =>
  `exact: log Z was computed by lookahead, not estimated, and is at most ${roundedUp(upper - lower)} nats above the number given`;

/** In one digit that is no less than the number. */
const roundedUp = (width: number): string => {
  const rounded = Number(width.toPrecision(1));
  const digit = 10 ** Math.floor(Math.log10(width));
  return (rounded < width ? rounded + digit : rounded).toPrecision(1);
};
