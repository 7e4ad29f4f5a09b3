import type { LanguageModel } from "../models/index.ts";
import type { LogPartition } from "./log-partition.ts";
import type { Wish } from "./wish.ts";

/** `log Z` of a wish, where its potential's lookahead has computed it for this model, prompt and limit of tokens. */
export const knownLogPartition = (
  model: LanguageModel,
  prompt: readonly number[],
  { potential: { logPartition: known }, complete = [], maximumTokens }: Wish,
): LogPartition | undefined => {
  if (!known || complete.length > 0) return;
  const samePrompt = known.prompt.length === prompt.length && known.prompt.every((token, i) => token === prompt[i]);
  if (known.model !== model || !samePrompt || known.maximumTokens > maximumTokens) return;
  return { estimate: known.interval[0], standardError: 0, interval: known.interval, exact: true };
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
