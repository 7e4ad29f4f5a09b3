import {
  DeadEndError,
  type LanguageModel,
  type Potential,
  type SteerOptions,
  type SteerResult,
  steer,
  type Wish,
} from "../../steer/index.ts";
import { countedModel } from "./counted-model.ts";
import { mean } from "./means.ts";
import type { SteeringMethod } from "./steering-methods.ts";

/** One run: what it found, if anything, and what it cost. */
export interface Run {
  readonly result: SteerResult | undefined;
  readonly calls: number;
}

/** What methods run on: a model after a prompt, and a wish with and without lookahead. */
export interface RunSource {
  readonly model: LanguageModel;
  readonly prompt: readonly number[];
  /** The wish without lookahead, and with it. */
  readonly masked: Potential;
  readonly guided: Potential;
  readonly maximumTokens: number;
}

/** Runs a method with a budget again and again. @param seedOf the seed of each repeat */
export const runRepeatedly = async (
  source: RunSource,
  method: SteeringMethod,
  budget: number,
  options: {
    readonly repeats: number;
    readonly seedOf: (repeat: number) => number;
    readonly signal: AbortSignal | undefined;
  },
): Promise<Run[]> => {
  const { repeats, seedOf, signal } = options;
  const wish = { potential: method.lookahead ? source.guided : source.masked, maximumTokens: source.maximumTokens };
  const runs: Run[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    runs.push(await runOnce(source, wish, { ...method.options(budget), seed: seedOf(repeat), signal }));
  }
  return runs;
};

/** What runs of a budget cost and found: model calls and share of effective particles, on average, and share of runs that found nothing. */
export const summaryOf = (runs: readonly Run[], budget: number) => {
  const found = runs.flatMap(({ result }) => (result ? [result] : []));
  const effective = found.reduce((sum, { effectiveSampleSize }) => sum + effectiveSampleSize, 0);
  return {
    found,
    calls: mean(runs.map(({ calls }) => calls)),
    effective: effective / budget / runs.length,
    failed: (runs.length - found.length) / runs.length,
  };
};

/** Runs a sampler to its end, with a count of calls of its own; a run that ends dead has no result. */
const runOnce = async ({ model, prompt }: RunSource, wish: Wish, options: SteerOptions): Promise<Run> => {
  const counted = countedModel(model);
  try {
    const run = steer(counted, prompt, wish, options);
    let step = await run.next();
    while (!step.done) step = await run.next();
    return { result: step.value, calls: step.value.modelCalls };
  } catch (error) {
    if (!(error instanceof DeadEndError)) throw error;
    return { result: undefined, calls: counted.usage().calls };
  }
};
