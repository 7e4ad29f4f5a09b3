import { constrain, containing, type LanguageModel, stopAt, surrogateLookahead } from "../../steer/index.ts";
import { seedOf } from "../reward-laws.ts";
import { fittedSurrogate } from "./fitted-surrogate.ts";
import { deviation, mean } from "./means.ts";
import { type Run, runRepeatedly, summaryOf } from "./run-method.ts";
import { STEERING_METHODS } from "./steering-methods.ts";

/** What is wished of a whole sentence: too many texts for an exact answer. */
export interface LongWish {
  readonly id: string;
  readonly label: string;
  readonly prompt: string;
  readonly must: readonly string[];
  /** How the sentence ends. */
  readonly endsWith: string;
}

/** What the report wishes of sentences. */
export const LONG_WISHES: readonly LongWish[] = [
  {
    id: "peace",
    label: "“In this year …”: “peace” and “war”, and in the end “people.”",
    prompt: "In this year ",
    must: ["peace", "war"],
    endsWith: "people.",
  },
  { id: "ship", label: "“Then …”: “whale” and “ship”", prompt: "Then ", must: ["whale", "ship"], endsWith: "." },
];

/** One method on one long wish, over its repeats. */
export interface LongRow {
  readonly wish: string;
  readonly method: string;
  /** Estimates of `log Z` of the runs that found something, in nats. */
  readonly estimates: readonly number[];
  /** Their mean, and their standard deviation; nothing where there is none. */
  readonly logPartition: number | null;
  readonly spread: number | null;
  /** Share of effective particles, on average. */
  readonly effective: number;
  readonly calls: number;
  /** Model calls that fitting the surrogate took, which the method needs; else 0. */
  readonly fitCalls: number;
  /** Share of runs that found nothing. */
  readonly failed: number;
}

/** Methods whose estimates of `Z` are unbiased. */
const METHODS = ["importance", "smc", "importanceSurrogate", "smcSurrogate"];
const PARTICLES = 128;
const REPEATS = 8;
const MAXIMUM_TOKENS = 60;

/** How a study of long wishes is made. */
export interface LongOptions {
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/** Runs methods on one wish about the sentence that goes on from a prompt, again and again. */
export const studyLong = async (whole: LanguageModel, wish: LongWish, options: LongOptions): Promise<LongRow[]> => {
  const { seed, signal } = options;
  const maximumTokens = MAXIMUM_TOKENS;
  const prompt = await whole.vocabulary.encode(wish.prompt);
  const model = stopAt(whole, prompt, { when: containing({ endsWith: "." }) });
  const { must, endsWith } = wish;
  const masked = constrain(containing({ must, endsWith }), model.vocabulary, { maximumTokens });
  const { surrogate, fitCalls } = await fittedSurrogate(model, {
    ...{ prompt, wishes: [masked], maximumTokens, signal },
    seed: seedOf(seed, `steering, surrogate, ${wish.id}`),
  });
  const guided = surrogateLookahead(masked, surrogate, prompt);
  const source = { model, prompt, masked, guided, maximumTokens };
  const rows: LongRow[] = [];
  for (const method of STEERING_METHODS.filter(({ id }) => METHODS.includes(id))) {
    const own = (repeat: number) => seedOf(seed, `steering, ${wish.id}, ${method.id}, ${repeat}`);
    const runs = await runRepeatedly(source, method, PARTICLES, { repeats: REPEATS, seedOf: own, signal });
    rows.push(rowOf(wish.label, method.id, runs, method.lookahead ? fitCalls : 0));
  }
  return rows;
};

const rowOf = (wish: string, method: string, runs: readonly Run[], fitCalls: number): LongRow => {
  const { found, ...summary } = summaryOf(runs, PARTICLES);
  const estimates = found.map(({ logPartition }) => logPartition.estimate);
  return {
    wish,
    method,
    estimates,
    logPartition: estimates.length > 0 ? mean(estimates) : null,
    spread: estimates.length > 1 ? deviation(estimates) : null,
    ...summary,
    fitCalls,
  };
};
