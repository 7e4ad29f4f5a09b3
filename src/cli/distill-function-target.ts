import { condition, type Model } from "../bellman/index.ts";
import {
  callFunction,
  type EstimatedMoment,
  type FunctionTarget,
  featureOfResponse,
  fitSampledMoments,
  type Judge,
  type Rows,
  rowSums,
  tokensOf,
} from "../learn/index.ts";
import { type Automaton, accepts, InputError, layered, lengthRange, type Tree, tableOfArcs } from "../space/index.ts";
import { judgeOf, samplerOf } from "./certified.ts";
import type { TargetOptions } from "./distill-options.ts";
import { asInput, checkGiven, type NamedFeatures, namedFeatures, treeOf } from "./distill-target.ts";
import type { RewardModule } from "./reward-module.ts";
import type { AnyModel, EngineMaker, TableModel } from "./trained.ts";

/** A target that is only asked for the scores of given responses. */
export interface SampledTarget {
  readonly scored: FunctionTarget;
  readonly moments: readonly EstimatedMoment[];
  readonly warnings: readonly string[];
  dispose(): Promise<void>;
}

/** What a target is made of, large or not. */
interface Parts {
  readonly target?: AnyModel | undefined;
  readonly reference?: AnyModel | undefined;
  readonly module?: RewardModule | undefined;
}

/** A part of `log ρ + R/β` on given responses, in nats. */
type Part = (rows: Rows, responses: readonly number[][]) => Promise<Float64Array>;

/**
 * The target as a function on whole responses: where a part of it is a Transformer or a program, and there are too many responses for a
 * table.
 *
 * @throws InputError where patterns, moments or models cannot be, naming the option
 */
export const sampledTarget = async (
  options: TargetOptions,
  parts: Parts,
  engine: EngineMaker,
): Promise<SampledTarget> => {
  const { target, reference } = parts;
  const space = treeOf((reference ?? (target as AnyModel)).space);
  const named = namedFeatures(options, space.tokens);
  const within = supportOf(options, space, parts, named.given);
  const ofTarget = target && (await judgeOf(target, engine));
  const ofReference = reference && (await judgeOf(reference, engine));
  const reward = rewardParts(options, parts, ofTarget, named);
  const rewardOf = summed(space, reward);
  const fitted =
    named.moments.length > 0 ? await fittedMoments(options, reference, engine, rewardOf, named) : undefined;
  const scores = summed(space, [
    ...reward,
    ...(ofReference ? [logProbability(ofReference)] : []),
    ...(fitted ? [async (_: Rows, responses: readonly number[][]) => fitted.score(responses)] : []),
  ]);
  const name = options.reward ?? options.target ?? "the target";
  return {
    scored: { kind: "function", space, name, scores, ...(within ? { within } : {}) },
    moments: fitted?.moments ?? [],
    warnings: fitted?.warnings ?? [],
    dispose: async () => {
      await Promise.all([ofTarget?.dispose(), ofReference?.dispose()]);
    },
  };
};

/** `R/β` and hard constraints, part by part. */
const rewardParts = (
  options: TargetOptions,
  { module }: Parts,
  ofTarget: Judge | undefined,
  { rewards, given }: NamedFeatures,
): Part[] => {
  const weight = 1 / options.temperature;
  return [
    ...(ofTarget ? [async (rows: Rows) => (await ofTarget.scores(rows)).map((score) => weight * score)] : []),
    ...(module ? [calledPart(options, module, weight)] : []),
    ...rewards.map(
      (feature): Part =>
        async (_, responses) =>
          Float64Array.from(responses, (response) => weight * featureOfResponse(feature, response)),
    ),
    ...given.map(
      (machine): Part =>
        async (_, responses) =>
          Float64Array.from(responses, (response) => (accepts(machine, response) ? 0 : -Infinity)),
    ),
  ];
};

/** `log ρ(y)`, whatever the gauge of `ρ`'s numbers; up to a constant of a scorer. */
const logProbability =
  (judge: Judge): Part =>
  async (rows) =>
    judge.steps ? rowSums(await judge.steps(rows), rows.horizon) : judge.scores(rows);

/** Multipliers from samples of the reference, checked on fresh ones. */
const fittedMoments = (
  options: TargetOptions,
  reference: AnyModel | undefined,
  engine: EngineMaker,
  rewardOf: (rows: Rows) => Promise<Float64Array>,
  { moments }: NamedFeatures,
) =>
  asInput("--moment", async () => {
    const fit = await weighted(options, reference, engine, { rewardOf, step: 0 });
    const check = await weighted(options, reference, engine, { rewardOf, step: 1 });
    return fitSampledMoments(fit, moments, { check });
  });

/** A model that is positive where the target may be, if that is not everywhere: the student is kept to it. */
const supportOf = (
  options: TargetOptions,
  { tokens, horizon, eos }: Tree,
  { target, reference }: Parts,
  given: readonly Automaton[],
): Model | undefined => {
  const table = [reference, target].find((model) => model?.kind === "table") as TableModel | undefined;
  if (!table && given.length === 0) return undefined;
  const all = () => tableOfArcs(layered(lengthRange({ tokens, minimum: 0 }), { horizon, eos }), "reward", () => 0);
  const base: Model = table?.arm ?? all();
  checkGiven(options, base, given);
  return given.reduce<Model>((table, machine) => condition(table, machine), base);
};

/** The sum of parts as a function of responses. */
const summed =
  (space: Tree, parts: readonly Part[]) =>
  async (rows: Rows): Promise<Float64Array> => {
    const responses = tokensOf(space, rows);
    const sums = new Float64Array(rows.count);
    for (const part of parts) {
      const numbers = await part(rows, responses);
      for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) + (numbers[i] as number);
    }
    return sums;
  };

const calledPart =
  (options: TargetOptions, { reward }: RewardModule, weight: number): Part =>
  async (_, responses) => {
    const values = await asInput(`--reward ${options.reward}`, () =>
      callFunction(reward, responses, { timeout: options.rewardTimeout }),
    );
    return values.map((value) => weight * value);
  };

/** Samples of the reference that moments are fitted to, and as many that they are checked on: batches of so many. */
const [MOMENT_BATCHES, BATCH] = [40, 256];

/** Responses of the reference, weighted to be those of `ρ·exp(R/β)`. */
const weighted = async (
  options: TargetOptions,
  reference: AnyModel | undefined,
  engine: EngineMaker,
  { rewardOf, step }: { readonly rewardOf: (rows: Rows) => Promise<Float64Array>; readonly step: number },
) => {
  if (!reference) {
    throw new InputError("--moment: there are too many responses for exact moments: give a --reference to draw from");
  }
  const { space } = reference;
  const sampler = await samplerOf(reference, engine);
  const responses: number[][] = [];
  const logWeights: Float64Array[] = [];
  try {
    for (let batch = 0; batch < MOMENT_BATCHES; batch++) {
      const { rows } = await sampler.draw(BATCH, { seed: options.seed, step: 2 * batch + step });
      responses.push(...tokensOf(space, rows));
      logWeights.push(await rewardOf(rows));
    }
  } finally {
    await sampler.dispose();
  }
  return { responses, logWeights: Float64Array.from(logWeights.flatMap((part) => [...part])) };
};
