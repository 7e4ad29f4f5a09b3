import { EXACT_RESPONSES_LIMIT, type Judge, type ScoredTarget, tableJudge, tableTarget } from "../learn/index.ts";
import { refuseFrom } from "../space/files/index.ts";
import { InputError, type Space, type Table } from "../space/index.ts";
import { checkResponses } from "./certified.ts";
import { sampledTarget } from "./distill-function-target.ts";
import type { TargetOptions } from "./distill-options.ts";
import { exactTarget, isEnumerable, type TargetParts } from "./distill-target.ts";
import { openRewardModule, type RewardModule } from "./reward-module.ts";
import { type EngineMaker, readAnyModel } from "./trained.ts";

/** A moment that the target has, as `--json` tells it. */
interface ToldMoment {
  readonly name: string;
  readonly wanted: number;
  readonly achieved: number;
  /** 0 where it is exact. */
  readonly standardError: number;
  readonly multiplier: number;
}

/** What is to be learned. */
export interface Wanted {
  readonly target: ScoredTarget;
  /** What judges samples of the student. */
  readonly judge: Judge;
  readonly moments: readonly ToldMoment[];
  /** The target's table, where it is made of more than one file. */
  readonly composed?: Table;
  readonly warnings: readonly string[];
}

/** What holds an engine's or a thread's memory. */
export interface Disposable {
  dispose(): Promise<void>;
}

/**
 * The target that options name: exact wherever it can be a table.
 *
 * @param open takes what is to be disposed of after the run
 * @throws InputError naming the option or file, and the repair
 */
export const wantedOf = async (options: TargetOptions, engine: EngineMaker, open: Disposable[]): Promise<Wanted> => {
  const read = (path: string | undefined) => (path === undefined ? undefined : readAnyModel(path, engine));
  const [target, reference] = [await read(options.target), await read(options.reference)];
  const some = reference ?? target;
  if (!some) {
    throw new InputError("--target is missing: name what to learn, or a --reference and what to reward");
  }
  if (target && reference) {
    checkResponses([`--target ${options.target}`, `--reference ${options.reference}`], target.space, reference.space);
  }
  const module = await moduleOf(options, some.space, open);
  const hasTables = target?.kind !== "transformer" && reference?.kind !== "transformer";
  if (hasTables && (!module || isEnumerable(some.space, EXACT_RESPONSES_LIMIT))) {
    return exactly(options, { target, reference, module });
  }
  const sampled = await sampledTarget(options, { target, reference, module }, engine);
  open.push(sampled);
  const { scored, moments, warnings } = sampled;
  return {
    target: scored,
    judge: { scores: scored.scores, dispose: () => Promise.resolve() },
    moments: moments.map(({ name, wanted, achieved, standardError, multiplier }) => {
      return { name, wanted, achieved, standardError, multiplier };
    }),
    warnings,
  };
};

const exactly = async (options: TargetOptions, parts: TargetParts): Promise<Wanted> => {
  const { model, table, moments, composed } = await exactTarget(options, parts);
  return {
    target: refuseFrom("the target", () => tableTarget(model)),
    judge: tableJudge(model),
    moments: moments.map(({ name, wanted, achieved, multiplier }) => {
      return { name, wanted, achieved, standardError: 0, multiplier };
    }),
    warnings: [],
    ...(composed ? { composed: table } : {}),
  };
};

const moduleOf = async (
  options: TargetOptions,
  space: Space,
  open: Disposable[],
): Promise<RewardModule | undefined> => {
  if (options.reward === undefined) return undefined;
  const module = await openRewardModule(options.reward, space, options.rewardTimeout);
  open.push(module);
  return module;
};
