import {
  DeadEndError,
  type LanguageModel,
  type SteerOptions,
  type SteerResult,
  steer,
  type Wish,
} from "../../steer/index.ts";
import { countedModel } from "./counted-model.ts";

/** One run: what it found, if anything, and what it cost. */
export interface Run {
  readonly result: SteerResult | undefined;
  readonly calls: number;
}

/** Runs a sampler to its end, with a count of calls of its own; a run that ends dead has no result. */
export const runOnce = async (
  { model, prompt }: { readonly model: LanguageModel; readonly prompt: readonly number[] },
  wish: Wish,
  options: SteerOptions,
): Promise<Run> => {
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
