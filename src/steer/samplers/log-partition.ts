import { certifyLogMean } from "../../bellman/index.ts";
import { logMean } from "./log-weights.ts";
import { studentQuantile } from "./student-t.ts";

/** `log Z`, in nats, estimated or known. */
export interface LogPartition {
  /** The logarithm of an unbiased estimate of `Z`; where a lookahead has computed `log Z`, that. */
  readonly estimate: number;
  /** By the delta method; `Infinity` where one run cannot tell, 0 where all weights are equal or `log Z` is known. */
  readonly standardError: number;
  /** About 95 %, where `log Z` is known all of it; the guarantees say how it was made. */
  readonly interval: readonly [lower: number, upper: number];
  /** Set where a lookahead has computed `log Z`: equal weights alone do not make an estimate exact. */
  readonly exact?: true;
}

/** An estimate, and what stands in the way of trusting it. */
export interface JudgedPartition {
  readonly logPartition: LogPartition;
  readonly warnings: readonly string[];
}

/** An unbiased estimate is above 20 times its mean with a chance of at most 5 % (Markov), whatever its law. */
const MARKOV = Math.log(0.05);

/** The lower end that Markov's inequality gives: `log Z` is below it with a chance of at most 5 %. */
export const certainBelow = (estimate: number): number => estimate + MARKOV;

/** What has a share of `3/N` of the responses is missing from `N` of them with a chance of 5 %: the rule of three. */
const UNSEEN = 3;

/** A lower end that leaves room for light responses and dead ends that were not seen: equal weights alone do not make an estimate exact. */
const besideUnseen = (lower: number, estimate: number, count: number): number =>
  Math.min(lower, Math.max(certainBelow(estimate), estimate + Math.log1p(-Math.min(1, UNSEEN / count))));

/**
 * From weights of independent responses, `Ẑ = mean w`: standard error by the delta method, interval by empirical likelihood with a Pareto
 * tail for weights that were not seen, as certificates have it, and room for 3 that may be 0.
 */
export const partitionOfWeights = (logWeights: readonly number[]): JudgedPartition => {
  const count = logWeights.length;
  if (count < 2) return { logPartition: unknownError(logMean(logWeights)), warnings: [] };
  const { logPartition, warnings } = certifyLogMean(Float64Array.from(logWeights));
  const [lower, upper] = logPartition.interval;
  return {
    logPartition: { ...logPartition, interval: [besideUnseen(lower, logPartition.estimate, count), upper] },
    // certificates are of students; what particles follow is the model with its lookahead
    warnings: warnings
      .filter((warning) => !warning.includes("KL"))
      .map((warning) => warning.replace("a closer student", "a better lookahead")),
  };
};

/**
 * From independent islands of equally many particles, `Ẑ = mean Ẑ_k`: the islands are alike and independent, so their scatter is the error,
 * whatever happens inside one. Interval by Student's t, with the lower end no lower than Markov's inequality has it.
 */
export const partitionOfIslands = (logMeans: readonly number[]): JudgedPartition => {
  const estimate = logMean(logMeans);
  const count = logMeans.length;
  if (count < 2) return { logPartition: unknownError(estimate), warnings: [] };
  const squares = logMeans.reduce((sum, x) => sum + (Math.exp(x - estimate) - 1) ** 2, 0);
  const standardError = Math.sqrt(squares / (count - 1) / count);
  const reach = studentQuantile(count - 1) * standardError;
  const lower = Math.max(certainBelow(estimate), estimate + Math.log(Math.max(0, 1 - reach)));
  return {
    logPartition: { estimate, standardError, interval: [lower, estimate + Math.log1p(reach)] },
    warnings:
      standardError > LARGE_ERROR
        ? [
            `the islands' estimates of Z scatter by ${(100 * standardError * Math.sqrt(count)).toFixed(0)} % of their mean: ` +
              "take more particles or a better lookahead",
          ]
        : [],
  };
};

/** Fewest particles whose weights tell of a tail. */
const FEWEST = 25;

/**
 * From islands of particles, `logWeights[islands][particles]`: as {@link partitionOfIslands}, with the interval that their final weights would have if
 * they were independent taken in.
 *
 * What all islands have missed scatters in none of them, as a response of small probability and large reward, but shows in the tail of weights that
 * are uneven since the last resampling.
 */
export const partitionOfParticles = (logWeights: readonly (readonly number[])[]): JudgedPartition => {
  const islands = partitionOfIslands(logWeights.map(logMean));
  const all = logWeights.flat();
  const { estimate, interval } = islands.logPartition;
  const [lower, upper] = [besideUnseen(interval[0], estimate, all.length), interval[1]];
  if (all.length < FEWEST) return { ...islands, logPartition: { ...islands.logPartition, interval: [lower, upper] } };
  const weights = partitionOfWeights(all);
  const [least, most] = weights.logPartition.interval;
  return {
    logPartition: { ...islands.logPartition, interval: [Math.min(lower, least), Math.max(upper, most)] },
    warnings: [...islands.warnings, ...weights.warnings],
  };
};

/** Relative standard error above which a run warns. */
const LARGE_ERROR = 0.5;

/** One number tells nothing of its error, but for Markov's inequality. */
const unknownError = (estimate: number): LogPartition => ({
  estimate,
  standardError: Infinity,
  interval: [certainBelow(estimate), Infinity],
});

/** The interval without what cannot be: a hard constraint has `Z ≤ 1`. */
export const atMost = (partition: LogPartition, largest: number): LogPartition => {
  const [lower, upper] = partition.interval;
  return { ...partition, interval: [Math.min(lower, largest), Math.min(upper, largest)] };
};
