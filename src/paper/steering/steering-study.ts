import { condition, toLogits } from "../../bellman/index.ts";
import { type LayeredAutomaton, lengthRange, product, regex, type Table } from "../../space/index.ts";
import {
  constrain,
  DeadEndError,
  fitSurrogate,
  type LanguageModel,
  matches,
  type SteerOptions,
  type SteerResult,
  type Surrogate,
  steer,
  surrogateLookahead,
  tableModel,
  type Wish,
} from "../../steer/index.ts";
import { LETTERS } from "../first-names.ts";
import { seedOf } from "../reward-laws.ts";
import { countedModel } from "./counted-model.ts";
import { distanceOfRun } from "./distance-of-run.ts";
import { STEERING_METHODS, type SteeringMethod } from "./steering-methods.ts";
import type { SteeringWish } from "./steering-wishes.ts";

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

/** All methods on one wish. */
export interface SteeringCase {
  readonly wish: SteeringWish;
  /** Exact `log Z` by M, in nats. */
  readonly logPartition: number;
  readonly rows: readonly SteeringRow[];
}

/** How much a study is. */
export interface SteeringSize {
  readonly wishes: readonly SteeringWish[];
  /** Budgets, ascending. */
  readonly budgets: readonly number[];
  /** Runs of every method and budget, at least 2. */
  readonly repeats: number;
}

/** Model, and what looks ahead for it. */
export interface SteeredNames {
  readonly table: Table & { readonly space: LayeredAutomaton };
  readonly model: LanguageModel;
  readonly surrogate: Surrogate;
  /** Model calls that fitting took. */
  readonly fitCalls: number;
}

/** The surrogate: an order below the model's own, from so many samples; chosen among sizes that docs/steering.md compares. */
export const SURROGATE = { order: 4, samples: 2048 } as const;

/** The names' model behind the port, and a surrogate fitted to its samples, for all wishes at once. */
export const prepareNames = async (
  table: SteeredNames["table"],
  wishes: readonly SteeringWish[],
  options: { readonly seed: number; readonly signal?: AbortSignal | undefined },
): Promise<SteeredNames> => {
  const model = tableModel(table, { name: "names" });
  const fitting = fitSurrogate(model, {
    ...SURROGATE,
    prompts: [[]],
    maximumTokens: table.space.horizon - 1,
    wishes: wishes.map((wish) => maskedBy(model, wish)),
    seed: seedOf(options.seed, "steering, surrogate"),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  let step = await fitting.next();
  while (!step.done) step = await fitting.next();
  return { table, model, surrogate: step.value, fitCalls: model.usage().calls };
};

const maskedBy = ({ vocabulary }: LanguageModel, { pattern, letters }: SteeringWish) =>
  constrain(matches(pattern), vocabulary, { maximumTokens: letters });

/** Runs every method on one wish. */
export const studyWish = async (
  names: SteeredNames,
  wish: SteeringWish,
  options: Omit<SteeringSize, "wishes"> & { readonly seed: number; readonly signal?: AbortSignal | undefined },
): Promise<SteeringCase> => {
  const machine = product(
    regex(wish.pattern, LETTERS),
    lengthRange({ tokens: LETTERS, minimum: 0, maximum: wish.letters }),
  );
  // with soft values of 0 the implied reward is the policy itself (theory §4)
  const { logPartition } = toLogits(condition({ ...names.table, kind: "reward" }, machine));
  const masked = maskedBy(names.model, wish);
  const guided = surrogateLookahead(masked, names.surrogate, []);
  const rows: SteeringRow[] = [];
  for (const method of STEERING_METHODS) {
    const goal = { potential: method.lookahead ? guided : masked, maximumTokens: wish.letters };
    for (const budget of options.budgets) {
      const runs: Run[] = [];
      for (let repeat = 0; repeat < options.repeats; repeat++) {
        const seed = seedOf(options.seed, `steering, ${wish.id}, ${method.id}, ${budget}, ${repeat}`);
        runs.push(await runOf(names.model, goal, { ...method.options(budget), seed, signal: options.signal }));
      }
      rows.push(rowOf(method, budget, runs, logPartition));
    }
  }
  return { wish, logPartition, rows };
};

/** One run: what it found, if anything, and what it cost. */
interface Run {
  readonly result: SteerResult | undefined;
  readonly calls: number;
}

const runOf = async (model: LanguageModel, wish: Wish, options: SteerOptions): Promise<Run> => {
  const counted = countedModel(model);
  try {
    const run = steer(counted, [], wish, options);
    let step = await run.next();
    while (!step.done) step = await run.next();
    return { result: step.value, calls: step.value.modelCalls };
  } catch (error) {
    if (!(error instanceof DeadEndError)) throw error;
    return { result: undefined, calls: counted.usage().calls };
  }
};

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

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
    ratio: method.id === "rejection" ? null : { mean: mean(ratios), standardError: standardErrorOf(ratios) },
    failed: lost / runs.length,
  };
};

const standardErrorOf = (values: readonly number[]): number => {
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, x) => sum + (x - centre) ** 2, 0) / (values.length - 1) / values.length);
};
