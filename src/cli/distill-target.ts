import { armOf, condition, EmptyModelError, type Model, rewardOf, toLogits } from "../bellman/index.ts";
import {
  type Feature,
  type FittedMoment,
  type Moment,
  patternCount,
  patternOccurs,
  responseLength,
  scaled,
  sumOf,
  tableFeature,
  tabulateFunction,
  tiltedTarget,
} from "../learn/index.ts";
import { refuseFrom } from "../space/files/index.ts";
import {
  type Automaton,
  alignTables,
  countResponses,
  InputError,
  regex,
  type Space,
  type Table,
  type Tree,
  tableOfArcs,
  tree,
} from "../space/index.ts";
import { onOneSpace } from "./certified.ts";
import { numberedPattern, type TargetOptions } from "./distill-options.ts";
import type { FileModel } from "./model.ts";
import type { RewardModule } from "./reward-module.ts";
import type { TableModel } from "./trained.ts";

/** A target that is a table, exactly. */
export interface ExactTarget {
  readonly model: Model;
  readonly table: Table;
  readonly moments: readonly FittedMoment[];
  /** Whether it is more than the one table that `--target` names. */
  readonly composed: boolean;
}

/** The automata and features that options name, over a space's tokens. */
export interface NamedFeatures {
  /** What is added to R, each with its weight. */
  readonly rewards: readonly Feature[];
  readonly given: readonly Automaton[];
  readonly moments: readonly Moment[];
}

/** Reads the patterns of options. @throws InputError naming the option and what is wrong with its pattern */
export const namedFeatures = (options: TargetOptions, tokens: readonly string[]): NamedFeatures => {
  const machine = (flag: string, pattern: string) =>
    refuseFrom(`${flag} ${JSON.stringify(pattern)}`, () => regex(pattern, tokens));
  const weighted = (flag: string, texts: readonly string[] = [], make: typeof patternOccurs) =>
    texts
      .map(numberedPattern)
      .map(({ pattern, number }) => scaled(make(machine(flag, pattern), `${flag} ${pattern}`), number));
  const { lengthReward, meanLength } = options;
  return {
    rewards: [
      ...weighted("--pattern-reward", options.patternReward, patternOccurs),
      ...weighted("--count-reward", options.countReward, patternCount),
      ...(lengthReward === undefined ? [] : [scaled(responseLength(), lengthReward)]),
    ],
    given: (options.given ?? []).map((pattern) => machine("--given", pattern)),
    moments: [
      ...(options.moment ?? []).map(numberedPattern).map(({ pattern, number }) => ({
        feature: patternOccurs(machine("--moment", pattern), pattern),
        mean: number,
      })),
      ...(meanLength === undefined ? [] : [{ feature: responseLength("--mean-length"), mean: meanLength }]),
    ],
  };
};

/** Whether options ask for more than the table itself. */
const isComposed = (options: TargetOptions, { rewards, given, moments }: NamedFeatures): boolean =>
  options.reference !== undefined ||
  options.reward !== undefined ||
  options.temperature !== 1 ||
  rewards.length + given.length + moments.length > 0;

/** The tables that a target is made of, by the options that name them, and a module's function where there is one. */
export interface TargetParts {
  readonly target?: TableModel | undefined;
  readonly reference?: TableModel | undefined;
  readonly module?: RewardModule | undefined;
}

/** Whether a function can be asked for all responses of a space. */
export const isEnumerable = (space: Space, most: number): boolean => countResponses(treeOf(space)) <= BigInt(most);

/** The tree of all responses of a space's tokens, horizon and end. */
export const treeOf = ({ tokens, horizon, eos }: Space): Tree => tree({ tokens, horizon, eos });

/**
 * The target as a table: exact, whatever it is made of.
 *
 * @throws InputError where patterns, moments or the temperature cannot be, naming the option
 */
export const exactTarget = async (options: TargetOptions, parts: TargetParts): Promise<ExactTarget> => {
  const [target, reference] = onOne(options, parts);
  const { space } = ((reference ?? target) as FileModel).table;
  const named = namedFeatures(options, space.tokens);
  if (target && !isComposed(options, named)) {
    return { model: target.arm, table: target.table, moments: [], composed: false };
  }
  const { base, extra } = await withFunction(options, parts, { target, reference, space });
  const features = [
    ...(base.target ? [tableFeature(rewardOf(base.target), options.target)] : []),
    ...(extra ? [tableFeature(extra, options.reward)] : []),
    ...named.rewards,
  ];
  const model: Model = base.reference ?? tableOfArcs(base.space, "reward", () => 0);
  checkGiven(options, model, named.given);
  const asked = options.moment ? "--moment" : options.meanLength === undefined ? "the target" : "--mean-length";
  const tilted = refuseFrom(asked, () =>
    tiltedTarget({
      reference: model,
      reward: sumOf(features),
      temperature: options.temperature,
      constraints: named.given,
      moments: named.moments,
    }),
  );
  // without a reference, every response counts alike, and weighs exp(R/β) itself
  const table = base.reference ? tilted.target : shifted(tilted.target, toLogits(model).logPartition);
  return { model: table, table, moments: tilted.moments, composed: true };
};

/** The tables named, on one space. */
const onOne = (options: TargetOptions, { target, reference }: TargetParts): readonly (FileModel | undefined)[] => {
  if (!target || !reference) return [target, reference];
  if (target.table.kind !== "reward") {
    throw new InputError(
      `--target ${options.target}: holds logits, but beside --reference it is a reward: convert it with arbel convert --to reward`,
    );
  }
  return onOneSpace([`--target ${options.target}`, `--reference ${options.reference}`], target, reference);
};

interface Base {
  readonly target: Table | undefined;
  readonly reference: Table | undefined;
  readonly space: Space;
}

/** The tables, and a module's function as another, all on one space: a tree where there is a function. */
const withFunction = async (
  options: TargetOptions,
  { module }: TargetParts,
  { target, reference, space }: { target: FileModel | undefined; reference: FileModel | undefined; space: Space },
): Promise<{ readonly base: Base; readonly extra?: Table }> => {
  const base: Base = { target: target?.table, reference: reference?.arm.logits, space };
  if (!module) return { base };
  const whole = treeOf(space);
  const extra = await asInput(`--reward ${options.reward}`, () =>
    tabulateFunction(whole, module.reward, { timeout: options.rewardTimeout }),
  );
  const onTree = (table: Table | undefined) => table && alignTables(extra, table)[1];
  return { base: { target: onTree(base.target), reference: onTree(base.reference), space: whole }, extra };
};

/** Runs work whose failure is the fault of what was given. */
export const asInput = async <T>(source: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    return refuseFrom(source, () => {
      throw error;
    });
  }
};

/** Refuses a hard constraint that no response satisfies, by its pattern. */
export const checkGiven = (options: TargetOptions, model: Model, given: readonly Automaton[]): void => {
  let kept: Table = rewardOf(model);
  for (const [index, machine] of given.entries()) {
    kept = condition(kept, machine);
    try {
      armOf(kept);
    } catch (error) {
      if (!(error instanceof EmptyModelError)) throw error;
      const together = index === 0 ? "" : " and those before it";
      throw new InputError(
        `--given ${JSON.stringify(options.given?.[index])}: no response of positive probability matches it${together}: loosen the pattern`,
        { cause: error },
      );
    }
  }
};

/** A reward with a constant added to every response. */
const shifted = ({ space, kind, levels }: Table, by: number): Table => ({
  space,
  kind,
  levels: levels.map((level, depth) => (depth === 0 ? level.map((x) => x + by) : level)),
});
