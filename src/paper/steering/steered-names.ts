import { condition, toLogits } from "../../bellman/index.ts";
import { type LayeredAutomaton, lengthRange, product, regex, type Table } from "../../space/index.ts";
import { constrain, type LanguageModel, matches, surrogateLookahead, tableModel } from "../../steer/index.ts";
import { LETTERS } from "../first-names.ts";
import { seedOf } from "../reward-laws.ts";
import { type ComparisonSize, compareMethods } from "./compare-methods.ts";
import { type FittedSurrogate, fittedSurrogate } from "./fitted-surrogate.ts";
import type { NameWish } from "./name-wishes.ts";
import type { SteeringCase } from "./steering-case.ts";

/** Model, and what looks ahead for it. */
export interface SteeredNames extends FittedSurrogate {
  readonly table: Table & { readonly space: LayeredAutomaton };
  readonly model: LanguageModel;
}

/** The surrogate: an order below the model's own, from so many samples; chosen among sizes that docs/steering.md compares. */
export const SURROGATE = { order: 4, samples: 2048 } as const;

/** The names' model behind the port, and a surrogate fitted to its samples, for all wishes at once. */
export const prepareNames = async (
  table: SteeredNames["table"],
  wishes: readonly NameWish[],
  options: { readonly seed: number; readonly signal?: AbortSignal | undefined },
): Promise<SteeredNames> => {
  const model = tableModel(table, { name: "names" });
  const fitted = await fittedSurrogate(model, {
    ...{ prompt: [], maximumTokens: table.space.horizon - 1, size: SURROGATE, signal: options.signal },
    wishes: wishes.map((wish) => maskedBy(model, wish)),
    seed: seedOf(options.seed, "steering, surrogate"),
  });
  return { table, model, ...fitted };
};

const maskedBy = ({ vocabulary }: LanguageModel, { pattern, letters }: NameWish) =>
  constrain(matches(pattern), vocabulary, { maximumTokens: letters });

/** Runs every method on one wish about names. */
export const studyName = async (
  { table, model, surrogate, fitCalls }: SteeredNames,
  wish: NameWish,
  options: ComparisonSize & { readonly seed: number; readonly signal?: AbortSignal | undefined },
): Promise<SteeringCase> => {
  const machine = product(
    regex(wish.pattern, LETTERS),
    lengthRange({ tokens: LETTERS, minimum: 0, maximum: wish.letters }),
  );
  // with soft values of 0 the implied reward is the policy itself (theory §4)
  const { logPartition } = toLogits(condition({ ...table, kind: "reward" }, machine));
  const masked = maskedBy(model, wish);
  const guided = surrogateLookahead(masked, surrogate, []);
  const problem = { id: wish.id, model, prompt: [], masked, guided, maximumTokens: wish.letters, logPartition };
  const rows = await compareMethods(problem, options);
  return { id: wish.id, label: wish.label, title: `A name that ${wish.label}`, logPartition, fitCalls, rows };
};
