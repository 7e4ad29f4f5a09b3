import type { LanguageModel, Potential } from "../../steer/index.ts";
import { seedOf } from "../reward-laws.ts";
import { distanceOfRun } from "./distance-of-run.ts";
import { mean, standardError } from "./means.ts";
import { type Run, runOnce } from "./run-once.ts";
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
export interface SteeringProblem {
  readonly id: string;
  readonly model: LanguageModel;
  readonly prompt: readonly number[];
  /** The wish without lookahead, and with it. */
  readonly masked: Potential;
  readonly guided: Potential;
  readonly maximumTokens: number;
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
  const { id, maximumTokens, logPartition } = problem;
  const rows: SteeringRow[] = [];
  for (const method of STEERING_METHODS) {
    const wish = { potential: method.lookahead ? problem.guided : problem.masked, maximumTokens };
    for (const budget of options.budgets) {
      const runs: Run[] = [];
      for (let repeat = 0; repeat < options.repeats; repeat++) {
        const seed = seedOf(options.seed, `steering, ${id}, ${method.id}, ${budget}, ${repeat}`);
        runs.push(await runOnce(problem, wish, { ...method.options(budget), seed, signal: options.signal }));
      }
      rows.push(rowOf(method, budget, runs, logPartition));
    }
  }
  return rows;
};

const rowOf = (method: SteeringMethod, budget: number, runs: readonly Run[], logPartition: number): SteeringRow => {
  const found = runs.flatMap(({ result }) => (result ? [result] : []));
  const distances = found.map((result) => distanceOfRun(result, logPartition));
  const lost = runs.length - found.length;
  const ratios = runs.map(({ result }) => (result ? Math.exp(result.logPartition.estimate - logPartition) : 0));
  return {
    method: method.id,
    budget,
    calls: mean(runs.map(({ calls }) => calls)),
    totalVariation: (distances.reduce((sum, { totalVariation }) => sum + totalVariation, 0) + lost) / runs.length,
    kl: distances.length > 0 ? mean(distances.map(({ kl }) => kl)) : null,
    effective: found.reduce((sum, { effectiveSampleSize }) => sum + effectiveSampleSize, 0) / budget / runs.length,
    ratio: method.id === "rejection" ? null : { mean: mean(ratios), standardError: standardError(ratios) },
    failed: lost / runs.length,
  };
};
