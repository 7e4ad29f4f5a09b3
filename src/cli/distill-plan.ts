import type { Model } from "../bellman/index.ts";
import {
  architecture,
  EXACT_RESPONSES_LIMIT,
  ngramStudent,
  type ObjectiveName,
  type Proposal,
  type ScoredTarget,
  type StudentMaker,
  tabularStudent,
  transformerStudent,
} from "../learn/index.ts";
import { refuseFrom } from "../space/files/index.ts";
import { countResponses, differenceOf, InputError } from "../space/index.ts";
import { checkResponses } from "./certified.ts";
import type { DistillOptions } from "./distill-options.ts";
import { asInput, isEnumerable, treeOf } from "./distill-target.ts";
import { type Disposable, type Wanted, wantedOf } from "./distill-wanted.ts";
import { type EngineMaker, filesOfModel, readAnyModel } from "./trained.ts";

/** A run whose input is read and checked; nothing is made yet. */
export interface DistillPlan extends Wanted {
  readonly objective: ObjectiveName;
  readonly student: StudentMaker;
  readonly behaviour?: "student" | "uniform" | Model | Proposal;
  dispose(): Promise<void>;
}

/**
 * Reads and checks what a run needs.
 *
 * @throws InputError naming the option or file, and the repair
 */
export const distillPlan = async (options: DistillOptions, engine: EngineMaker): Promise<DistillPlan> => {
  const { objective } = options;
  if (objective === undefined)
    throw new InputError("--objective is missing: forward-kl, reverse-kl, bellman or path-consistency");
  checkExpectations(options, objective);
  const open: Disposable[] = [];
  const dispose = async () => {
    await Promise.all(open.map((each) => each.dispose()));
  };
  try {
    const wanted = await wantedOf(options, engine, open);
    const student = await studentOf(options, wanted.target, engine);
    const behaviour = await behaviourOf(options, wanted.target, engine, open);
    checkSize(options, objective, wanted.target);
    return { objective, student, ...wanted, ...(behaviour === undefined ? {} : { behaviour }), dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
};

/** Files that decide a run's numbers. */
export const distillFiles = ({ target, reference, reward, behaviour }: DistillOptions): readonly string[] => {
  const models = [target, reference, behaviour].filter(
    (name): name is string => name !== undefined && name !== "student" && name !== "uniform",
  );
  return [...new Set([...models.flatMap(filesOfModel), ...(reward === undefined ? [] : [reward])])];
};

const checkExpectations = (options: DistillOptions, objective: ObjectiveName): void => {
  const { exact, samplesPerStep, behaviour } = options;
  if (exact && samplesPerStep !== undefined) {
    throw new InputError("--exact and --samples-per-step: leave one out, expectations are exact or over samples");
  }
  if (!exact && samplesPerStep === undefined) {
    throw new InputError("--exact is missing: say --exact, or --samples-per-step N where there are too many responses");
  }
  if (samplesPerStep === 1 && objective === "reverse-kl") {
    throw new InputError("--samples-per-step 1: reverse-kl compares each response with others: draw at least 2");
  }
  if (exact && behaviour !== undefined && (objective === "forward-kl" || objective === "reverse-kl")) {
    throw new InputError(
      `--behaviour: has no part in the exact ${objective}: leave it out, or give --samples-per-step`,
    );
  }
};

const studentOf = async (options: DistillOptions, target: ScoredTarget, engine: EngineMaker): Promise<StudentMaker> => {
  const { student: what, layers, width, heads, steps, seed } = options;
  if (what === undefined) throw new InputError("--student is missing: tabular, ngram:N or transformer");
  if (what === "transformer") {
    const { actions, horizon, eos } = target.space;
    refuseFrom("the options", () => architecture({ kind: "arm", actions, horizon, eos, layers, width, heads }));
    return transformerStudent({ engine: await engine(), layers, width, heads });
  }
  const maker = tableMaker(what);
  // made once before the run begins, since only then is it known whether it can be
  const made = await asInput(`--student ${what}`, async () => maker.make(target, { steps, seed, noisy: false }));
  await made.dispose();
  return maker;
};

const tableMaker = (what: string): StudentMaker => {
  if (what === "tabular") return tabularStudent();
  const order = /^ngram:(\d+)$/.exec(what)?.[1];
  if (order === undefined) {
    throw new InputError(`--student ${what}: is not known: use tabular, ngram:N with N ≥ 1, or transformer`);
  }
  return refuseFrom(`--student ${what}`, () => ngramStudent({ order: Number(order) }));
};

const behaviourOf = async (
  { behaviour, exact }: DistillOptions,
  target: ScoredTarget,
  engine: EngineMaker,
  open: Disposable[],
): Promise<DistillPlan["behaviour"]> => {
  if (behaviour === "uniform" && target.kind === "function") {
    throw new InputError("--behaviour uniform: the target has no table that says what is allowed: name a model");
  }
  if (behaviour === undefined || behaviour === "student" || behaviour === "uniform") return behaviour;
  const model = await readAnyModel(behaviour, engine);
  checkResponses([`--behaviour ${behaviour}`, "the target"], model.space, target.space);
  if (model.kind === "table") {
    const difference = differenceOf(model.space, target.space);
    if (!exact || difference === undefined) return model.arm;
    throw new InputError(`--behaviour ${behaviour}: with --exact it must be on the target's own space: ${difference}`);
  }
  if (exact) throw new InputError(`--behaviour ${behaviour}: has no table, so it needs --samples-per-step`);
  const { armProposal } = await import("../learn/index.ts");
  const made = await engine();
  const weights = made.resident(model.parameters);
  const proposal = await asInput(`--behaviour ${behaviour}`, () =>
    armProposal({ engine: made, model: model.architecture, weights }),
  );
  open.push(proposal);
  return proposal;
};

/** Refuses exact expectations over too many responses, and rewards of actions where only whole responses have any. */
const checkSize = (options: DistillOptions, objective: ObjectiveName, target: ScoredTarget): void => {
  const { space } = target;
  if (target.kind === "function" && objective === "bellman") {
    throw new InputError(
      "--objective bellman: needs a reward of every action, and this target only scores whole responses: use reverse-kl, forward-kl or path-consistency",
    );
  }
  if (!options.exact) return;
  if (target.kind === "table" && (options.student !== "transformer" || isEnumerable(space, EXACT_RESPONSES_LIMIT)))
    return;
  const responses = countResponses(treeOf(space));
  const many = responses > 10n ** 15n ? `about 10^${String(responses).length - 1}` : responses;
  const who = target.kind === "table" ? "a Transformer goes" : "exact expectations go";
  throw new InputError(
    `--exact: the space has ${many} responses, ${who} through at most ${EXACT_RESPONSES_LIMIT}: give --samples-per-step 256 instead`,
  );
};
