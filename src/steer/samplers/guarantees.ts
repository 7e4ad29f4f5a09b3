import { certainBelow } from "./log-partition.ts";

/** What holds of weighted particles. */
export const weightedMeans = (particles: number): string =>
  "consistent: means over the responses by their weights tend to those of the wished distribution as particles are added; with " +
  `${particles} they are off by an error of order 1/${particles}, beside their scatter`;

/** What holds of estimates of `Z`. */
export const UNBIASED =
  "unbiased: the estimate of Z (the exponential of that of log Z) is Z in the mean over runs, whatever the number of particles and the lookahead";

/** What Markov's inequality says. */
export const certainlyAbove = (estimate: number): string =>
  `log Z ≥ ${certainBelow(estimate).toFixed(3)} but for a chance of 5 % (Markov's inequality)`;

/** What holds of every response that a sampler returns. */
export const RESPONSES =
  "every response that is returned meets the wish's hard constraints and ends within the limit of tokens";
