import { generator, uniform } from "../../bellman/index.ts";
import type { LanguageModel } from "../models/index.ts";
import type { ConstraintPotential } from "../potentials/constrain.ts";
import { beginnings, drawToken, extended, guided, maskRows, type Sample } from "./samples.ts";
import { probeModel, type Surrogate } from "./surrogate.ts";
import { type SurrogateCounts, surrogateCounts } from "./surrogate-counts.ts";

/** Knobs of {@link fitSurrogate}. */
export interface FitOptions {
  /** Prompts to continue, each as `vocabulary.encode` gives it. The surrogate is best after these. */
  readonly prompts: readonly (readonly number[])[];
  /**
   * Wishes that the surrogate is for. Of the first round's samples half follow their masks, and those of later rounds look
   * ahead by the surrogate so far: contexts that the model seldom reaches by itself, but the wishes do, are visited.
   * What is recorded is always what the model says.
   */
  readonly wishes?: readonly ConstraintPotential[];
  /** Number of samples, over all rounds. Default: 600. */
  readonly samples?: number;
  /** Number of rounds. Default: 3 with wishes, 1 without. */
  readonly rounds?: number;
  /** Most tokens of a sample. Default: 48. */
  readonly maximumTokens?: number;
  /** Length of the n-grams. Default: 4. */
  readonly order?: number;
  /** `κ`, see {@link Surrogate}. Default: 1. */
  readonly smoothing?: number;
  /** Contexts visited fewer times are merged into shorter ones. Default: 2. */
  readonly minimumVisits?: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

/** How far fitting has come. */
export interface FitProgress {
  /** The round, from 0. */
  readonly round: number;
  /** Tokens drawn for every sample of the round. */
  readonly tokens: number;
  /** Samples that have not ended. */
  readonly open: number;
}

/**
 * Fits a surrogate to samples of a model.
 *
 * At every place that a sample visits, the model's whole row is recorded, not the one token that was drawn: a few
 * hundred samples give what many thousands of counts would. Costs at most `samples × maximumTokens` model calls.
 *
 * @returns the surrogate, after yielding progress
 * @throws RangeError where a number is out of range; what the model or the signal throws
 * @example
 * ```ts
 * import { table, tree } from "arbel";
 * import { fitSurrogate, tableModel } from "arbel/steer";
 * const space = tree({ tokens: ["a", "b"], horizon: 5, eos: true });
 * const model = tableModel(table(space, "logits", (prefix, action) => (action === prefix.at(-1) ? 1 : 0)));
 * const fitting = fitSurrogate(model, { prompts: [[]], samples: 50, order: 3, maximumTokens: 4, seed: 7 });
 * let step = await fitting.next();
 * while (!step.done) step = await fitting.next();
 * console.log(step.value.contexts.length); // 7: the empty one, a, b, aa, ab, ba, bb
 * ```
 */
export async function* fitSurrogate(model: LanguageModel, options: FitOptions): AsyncGenerator<FitProgress, Surrogate> {
  const { samples, rounds, maximumTokens, order, smoothing, minimumVisits } = checked(options);
  const { prompts, wishes = [], signal } = options;
  const random = generator(options.seed);
  const counts = surrogateCounts(model.vocabulary, order);
  const described = await probeModel(model, prompts[0] as readonly number[], { signal });
  const current = (): Surrogate => ({ model: described, order, smoothing, contexts: counts.contexts(minimumVisits) });
  for (let round = 0; round < rounds; round++) {
    const count = Math.floor((samples * (round + 1)) / rounds) - Math.floor((samples * round) / rounds);
    const open = round === 0 ? beginnings(count, prompts, wishes) : guided(count, prompts, wishes, current());
    for await (const progress of follow(model, open, counts, { maximumTokens, signal, draw: () => uniform(random) })) {
      yield { round, ...progress };
    }
  }
  return current();
}

/** Draws samples to their ends, and records what the model says on the way. */
async function* follow(
  model: LanguageModel,
  beginning: readonly Sample[],
  counts: SurrogateCounts,
  options: { readonly maximumTokens: number; readonly signal: AbortSignal | undefined; readonly draw: () => number },
): AsyncGenerator<Omit<FitProgress, "round">> {
  const { maximumTokens, signal, draw } = options;
  let open = beginning;
  for (let tokens = 0; tokens <= maximumTokens && open.length > 0; tokens++) {
    const rows = await model.next(
      open.map(({ context }) => context),
      { signal },
    );
    const masks = await maskRows(open, signal);
    const going: Sample[] = [];
    for (const [index, sample] of open.entries()) {
      const row = (rows[index] as { logProbabilities: Float64Array }).logProbabilities;
      const token = drawToken(row, masks[index], model, draw());
      counts.record(sample.context, row, token);
      if (token === undefined || tokens === maximumTokens || model.vocabulary.ends.includes(token)) continue;
      going.push(extended(sample, token));
    }
    open = going;
    yield { tokens: tokens + 1, open: open.length };
  }
}

const checked = (options: FitOptions) => {
  const { samples = 600, maximumTokens = 48, order = 4, smoothing = 1, minimumVisits = 2 } = options;
  const { rounds = (options.wishes?.length ?? 0) > 0 ? 3 : 1 } = options;
  for (const [name, value] of Object.entries({ samples, rounds, maximumTokens, order, minimumVisits })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`"${name}" must be a whole number ≥ 1, got ${String(value)}`);
    }
  }
  if (!(smoothing > 0 && smoothing < Infinity)) {
    throw new RangeError(`"smoothing" must be a finite number > 0, got ${String(smoothing)}`);
  }
  if (options.prompts.length === 0) throw new RangeError(`"prompts" must hold at least one prompt`);
  return { samples, rounds, maximumTokens, order, smoothing, minimumVisits };
};
