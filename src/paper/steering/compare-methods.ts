import { seedOf } from "../reward-laws.ts";
import { distanceOfRun } from "./distance-of-run.ts";
import { mean, standardError } from "./means.ts";
import { type Run, type RunSource, runRepeatedly, summaryOf } from "./run-method.ts";
import { STEERING_METHODS, type SteeringMethod } from "./steering-methods.ts";

/** One method with one budget, over its repeats. */
export interface SteeringRow {
  readonly method: string;
  /** Particles, attempts, or chains times moves. */
  readonly budget: number;
  /** Model calls of a run, on average: contexts that it asked about. */
  readonly calls: number;
  /** On average over runs; a run that found nothing has 1. */
  readonly totalVariation: number;
  /** `KL(run‖exact)` in nats, on average over runs that found something; nothing where none did. */
  readonly kl: number | null;
  /** Share of effective particles of the final weights, on average. */
  readonly effective: number;
  /** Mean of `Ẑ/Z` over the runs, and its standard error; nothing where the method has no unbiased estimate. */
  readonly ratio: { readonly mean: number; readonly standardError: number } | null;
  /** Share of runs that found nothing. */
  readonly failed: number;
}

/** A hard wish whose price is known exactly. */
export interface SteeringProblem extends RunSource {
  readonly id: string;
  /** Exact `log Z`, in nats. */
  readonly logPartition: number;
}

/** How much a comparison is. */
export interface ComparisonSize {
  /** Budgets, ascending. */
  readonly budgets: readonly number[];
  /** Runs of every method and budget, at least 2. */
  readonly repeats: number;
}

/** Runs every method on one problem. */
export const compareMethods = async (
  problem: SteeringProblem,
  options: ComparisonSize & { readonly seed: number; readonly signal?: AbortSignal | undefined },
): Promise<SteeringRow[]> => {
  const { id, logPartition } = problem;
  const { repeats, signal } = options;
  const rows: SteeringRow[] = [];
  for (const method of STEERING_METHODS) {
    for (const budget of options.budgets) {
      const own = (repeat: number) => seedOf(options.seed, `steering, ${id}, ${method.id}, ${budget}, ${repeat}`);
      const runs = await runRepeatedly(problem, method, budget, { repeats, seedOf: own, signal });
      rows.push(rowOf(method, budget, runs, logPartition));
    }
  }
  return rows;
};

const rowOf = (method: SteeringMethod, budget: number, runs: readonly Run[], logPartition: number): SteeringRow => {
  const { found, ...summary } = summaryOf(runs, budget);
  const distances = found.map((result) => distanceOfRun(result, logPartition));
  const lost = runs.length - found.length;
  const ratios = runs.map(({ result }) => (result ? Math.exp(result.logPartition.estimate - logPartition) : 0));
  return {
    method: method.id,
    budget,
    ...summary,
    totalVariation: (distances.reduce((sum, { totalVariation }) => sum + totalVariation, 0) + lost) / runs.length,
    kl: distances.length > 0 ? mean(distances.map(({ kl }) => kl)) : null,
    ratio: method.id === "rejection" ? null : { mean: mean(ratios), standardError: standardError(ratios) },
  };
};
