import { type ConstraintPotential, fitSurrogate, type LanguageModel, type Surrogate } from "../../steer/index.ts";
import { countedModel } from "./counted-model.ts";

/** A surrogate, and the model calls that fitting it took. */
export interface FittedSurrogate {
  readonly surrogate: Surrogate;
  readonly fitCalls: number;
}

/** What a surrogate is fitted for. */
export interface FitOptions {
  readonly prompt: readonly number[];
  readonly wishes: readonly ConstraintPotential[];
  readonly maximumTokens: number;
  /** Defaults are those of `fitSurrogate`. */
  readonly size?: { readonly order: number; readonly samples: number };
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/** Fits a surrogate to a model, for wishes after one prompt. */
export const fittedSurrogate = async (model: LanguageModel, options: FitOptions): Promise<FittedSurrogate> => {
  const { prompt, wishes, maximumTokens, size = {}, seed, signal } = options;
  const counted = countedModel(model);
  const knobs = { ...size, prompts: [prompt], wishes, maximumTokens, seed };
  const fitting = fitSurrogate(counted, { ...knobs, ...(signal ? { signal } : {}) });
  let step = await fitting.next();
  while (!step.done) step = await fitting.next();
  return { surrogate: step.value, fitCalls: counted.usage().calls };
};
