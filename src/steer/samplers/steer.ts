import type { LanguageModel } from "../models/index.ts";
import { bestOfN } from "./best-of-n.ts";
import { DeadEndError } from "./dead-end-error.ts";
import { type Explorer, explorerOf } from "./explorer.ts";
import { exactly, knownLogPartition } from "./known-log-partition.ts";
import { atMost, type LogPartition } from "./log-partition.ts";
import { logMean } from "./log-weights.ts";
import { blockMetropolisHastings, metropolisHastings } from "./metropolis-hastings.ts";
import type { Outcome, Sampler, Stand } from "./outcome.ts";
import type { Particle } from "./particle.ts";
import type { Resampling } from "./population.ts";
import { tokensOf } from "./prefix.ts";
import { rejection } from "./rejection.ts";
import { type SamplerName, type SteerOptions, settingsOf } from "./settings.ts";
import { adaptiveRejection, importance, masking, smc } from "./weighted-samplers.ts";
import type { Wish } from "./wish.ts";

/** A response that was sampled. */
export interface SteeredResponse {
  readonly text: string;
  /** Without the end. */
  readonly tokens: readonly number[];
  /** Its share of all that are returned, in nats: `Σ e^logWeight = 1`. */
  readonly logWeight: number;
  /** `log π(y)` of the tokens and any end after them, in nats, without the wish. */
  readonly modelLogProbability: number;
}

/** What a run found. */
export interface SteerResult {
  readonly samples: readonly SteeredResponse[];
  /** `log Z`, the price of the wish: of a hard constraint, the log-probability that the model meets it unasked. */
  readonly logPartition: LogPartition;
  /** Of the final weights, `(Σ w)²/Σ w²`; of chains, by autocorrelation; of exact samples, their number. */
  readonly effectiveSampleSize: number;
  /** The same by step, before resampling; of runs that go in rounds, that of the first. */
  readonly effectiveSampleSizes: readonly number[];
  /** Contexts whose rows the model computed. */
  readonly modelCalls: number;
  /** Tokens that the model read for them. */
  readonly modelTokens: number;
  /** What holds of the run, a sentence each. */
  readonly guarantees: readonly string[];
  /** What stands in the way of trusting the estimates; empty where nothing was seen. */
  readonly warnings: readonly string[];
  /** Which particles went on at each resampling. */
  readonly resamplings: readonly Resampling[];
}

/** A response as it grows. */
export interface GrowingResponse {
  readonly text: string;
  readonly tokens: readonly number[];
  readonly ended: boolean;
  /** In nats; −∞ where it died. */
  readonly logWeight: number;
}

/** Where a run is, after a token more of every particle. */
export interface SteerProgress {
  /** Tokens said by the particles that grow now, ends included. */
  readonly step: number;
  /** What has been done, from 0 to 1, of runs that go in rounds or moves. */
  readonly share?: number;
  /** The particles as texts; made when asked for. */
  readonly responses: () => readonly GrowingResponse[];
  readonly effectiveSampleSize: number;
  /** `log` of the mean weight, which estimates `log Z` at the end, in nats. */
  readonly logMeanWeight: number;
  readonly modelCalls: number;
}

const BY_NAME: Readonly<Record<SamplerName, Sampler>> = {
  smc,
  "adaptive-rejection": adaptiveRejection,
  importance,
  "metropolis-hastings": metropolisHastings,
  "block-metropolis-hastings": blockMetropolisHastings,
  rejection,
  "best-of-n": bestOfN,
  masking,
};

/**
 * Samples a language model's responses as wished: `p*(y) ∝ π(y)·exp φ(y)`, undistorted, with the price known.
 *
 * Yields after every token, and returns weighted responses, `log Z` with its error, what was spent, and what holds of it all. Contexts that
 * particles share are asked of the model once. The same seed gives the same result, however long the model takes and however it batches (as
 * far as its own rows do not depend on that). Source: theory §8.
 *
 * @param prompt a text, or tokens as the vocabulary's `encode` gives them
 * @throws RangeError where an option is out of range, or a potential or the model gives what is no number; {@link DeadEndError} where
 * nothing that was tried meets the wish; the signal's reason; and what the model and the potentials throw
 * @example
 * ```ts
 * import { table, tree } from "arbel";
 * import { constrain, matches, steer, tableModel } from "arbel/steer";
 * const space = tree({ tokens: ["a", "b"], horizon: 6, eos: true });
 * const model = tableModel(table(space, "logits", (prefix, action) => (action === prefix.at(-1) ? 1 : 0)));
 * const potential = constrain(matches("a+b"), model.vocabulary, { maximumTokens: 5 });
 * const run = steer(model, "", { potential, maximumTokens: 5 }, { particles: 400, seed: 7 });
 * let step = await run.next();
 * while (!step.done) step = await run.next();
 * const { samples, logPartition } = step.value;
 * console.log(samples.every(({ text }) => /^a+b$/.test(text))); // true
 * console.log(Math.exp(logPartition.estimate).toFixed(2)); // "0.04": how often the model says so by itself
 * ```
 */
export async function* steer(
  model: LanguageModel,
  prompt: string | readonly number[],
  wish: Wish,
  options: SteerOptions = {},
): AsyncGenerator<SteerProgress, SteerResult, void> {
  const settings = settingsOf(options);
  const { signal } = settings;
  checkWish(model, wish);
  signal?.throwIfAborted();
  const context = typeof prompt === "string" ? await model.vocabulary.encode(prompt) : prompt;
  const explorer = explorerOf(model, context, wish, signal);
  if (!(explorer.startValue > -Infinity)) throw impossible(wish, explorer.startValue);
  const hard = wish.potential.hard && (wish.complete ?? []).length === 0;
  const run = BY_NAME[settings.sampler](explorer, settings, { hard });
  const breathe = breather();
  for (;;) {
    const next = await run.next().catch((error: unknown) => {
      throw withTruncation(error, explorer);
    });
    if (next.done)
      return resultOf({ model, explorer, wish, hard, known: knownLogPartition(model, context, wish) }, next.value);
    yield progressOf(model, explorer, next.value);
    await breathe();
  }
}

const checkWish = ({ name, vocabulary }: LanguageModel, { maximumTokens }: Wish): void => {
  if (!Number.isSafeInteger(maximumTokens) || maximumTokens < 0) {
    throw new RangeError(`"maximumTokens" must be a whole number ≥ 0, got ${String(maximumTokens)}`);
  }
  if (vocabulary.ends.length === 0) {
    throw new RangeError(
      `the model ${name} has no token that ends a response, so no response of it is whole: name one by "ends", or as "eos_token_id" ` +
        "in a generation_config.json beside its tokenizer.json",
    );
  }
};

const impossible = ({ potential }: Wish, value: number): Error =>
  value === -Infinity
    ? new DeadEndError(`the wish "${potential.name}" is impossible: no response meets it`, 0)
    : new RangeError(`the potential "${potential.name}" must start with a finite value, got ${value}`);

/** What was left out of a model's rows may be what the wish allows. */
const withTruncation = (error: unknown, explorer: Explorer): unknown => {
  const { missing } = explorer.usage();
  if (!(error instanceof DeadEndError) || missing === 0) return error;
  const left = `the model's rows were truncated and left out up to ${(100 * missing).toPrecision(2)} % of the probability`;
  return new DeadEndError(`${error.message}; ${left}: ask for more tokens ("top")`, error.step);
};

/** Milliseconds after which others get a turn. */
const TURN = 50;

/** Lets a page paint and a signal be heard, now and then: models may answer without ever leaving the processor. */
const breather = (): (() => Promise<void>) => {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < TURN) return;
    await macrotask();
    last = performance.now();
  };
};

/** A turn of the event loop; by a message, since a timer takes a millisecond. */
const macrotask = (): Promise<void> =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener("message", () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(undefined);
  });

const progressOf = (model: LanguageModel, explorer: Explorer, stand: Stand): SteerProgress => {
  const { step, share, particles, effectiveSampleSize } = stand;
  return {
    step,
    ...(share === undefined ? {} : { share }),
    responses: () =>
      particles.map((particle) => ({
        ...textOf(model, particle),
        ended: particle.end >= 0,
        logWeight: particle.logWeight,
      })),
    effectiveSampleSize,
    logMeanWeight: logMean(particles.map(({ logWeight }) => logWeight)),
    modelCalls: explorer.usage().calls,
  };
};

const textOf = ({ vocabulary }: LanguageModel, { prefix }: Particle) => {
  const tokens = tokensOf(prefix);
  return { text: vocabulary.decode(tokens), tokens };
};

/** What a result is told by, beside what the sampler found. */
interface Told {
  readonly model: LanguageModel;
  readonly explorer: Explorer;
  readonly wish: Wish;
  readonly hard: boolean;
  /** `log Z`, where a lookahead has computed it. */
  readonly known: LogPartition | undefined;
}

const resultOf = ({ model, explorer, wish, hard, known }: Told, outcome: Outcome): SteerResult => {
  const { calls, tokens, cut, missing } = explorer.usage();
  const { responses, logPartition, guarantees, partitionGuarantees, warnings, resamplings = [], ...sizes } = outcome;
  const limit = `Z counts only responses that end after at most ${wish.maximumTokens} tokens`;
  const truncated =
    missing > 0
      ? [
          `the model's rows were truncated and left out up to ${(100 * missing).toPrecision(2)} % of the probability: all of this is about the model ` +
            "without what was left out, whose Z is a lower bound",
        ]
      : [];
  return {
    samples: responses.map(({ particle, logWeight }) => ({
      ...textOf(model, particle),
      logWeight,
      modelLogProbability: particle.logModel,
    })),
    logPartition: known ?? (hard ? atMost(logPartition, 0) : logPartition),
    ...sizes,
    modelCalls: calls,
    modelTokens: tokens,
    guarantees: [...guarantees, ...(known ? [exactly(known)] : partitionGuarantees), limit, ...truncated],
    warnings: cut > 0 ? [...warnings, `${cut} contexts were longer than the model sees, and were cut`] : warnings,
    resamplings,
  };
};
