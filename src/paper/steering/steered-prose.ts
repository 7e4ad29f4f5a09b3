import { constrain, exactLookahead, type LanguageModel, stopAt, surrogateLookahead } from "../../steer/index.ts";
import { seedOf } from "../reward-laws.ts";
import { type ComparisonSize, compareMethods } from "./compare-methods.ts";
import { countedModel } from "./counted-model.ts";
import { fittedSurrogate } from "./fitted-surrogate.ts";
import type { ProseWish } from "./prose-wishes.ts";
import type { SteeringCase } from "./steering-case.ts";

/** All methods on one wish about prose, beside the exact answer. */
export interface ProseCase extends SteeringCase {
  /** Texts that meet the wish. */
  readonly texts: number;
  /** Model calls that scoring the spellings of every text took. */
  readonly exactCalls: number;
  /** The likeliest text, and its share of them all. */
  readonly likeliest: { readonly text: string; readonly probability: number };
}

/** Runs every method on one wish; a surrogate is fitted for it, with the knobs that `fitSurrogate` has by itself. */
export const studyProse = async (
  whole: LanguageModel,
  wish: ProseWish,
  options: ComparisonSize & { readonly seed: number; readonly signal?: AbortSignal | undefined },
): Promise<ProseCase> => {
  const { label, constraint, maximumTokens } = wish;
  const id = `prose-${wish.id}`;
  const { seed, signal } = options;
  const prompt = await whole.vocabulary.encode(wish.prompt);
  const model = stopAt(whole, prompt, { when: constraint });
  const masked = constrain(constraint, model.vocabulary, { maximumTokens });
  const scoring = countedModel(model);
  const { logPartition, responses } = await exactLookahead(scoring, prompt, masked, signal ? { signal } : {});
  const { surrogate, fitCalls } = await fittedSurrogate(model, {
    ...{ prompt, wishes: [masked], maximumTokens, signal },
    seed: seedOf(seed, `steering, surrogate, ${id}`),
  });
  const guided = surrogateLookahead(masked, surrogate, prompt);
  const [likeliest] = responses as [(typeof responses)[number]];
  const problem = { id, model, prompt, masked, guided, maximumTokens, logPartition };
  return {
    ...{ id, label, title: label, logPartition },
    rows: await compareMethods(problem, options),
    fitCalls,
    texts: responses.length,
    exactCalls: scoring.usage().calls,
    likeliest: { text: likeliest.text, probability: Math.exp(likeliest.logProbability - logPartition) },
  };
};
