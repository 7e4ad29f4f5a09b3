import {
  armOf,
  type Certificate,
  certify,
  certifyExactly,
  countSupport,
  type ResidualBreakdown,
  residualBreakdown,
  type SampledBreakdown,
} from "../bellman/index.ts";
import type { CertifySamplesOptions, Judge, Sampler } from "../learn/index.ts";
import { alignTables, countResponses, differenceOf, InputError, type Space, tree } from "../space/index.ts";
import { checkMemory } from "./memory.ts";
import type { FileModel } from "./model.ts";
import type { Output } from "./output.ts";
import type { Progress } from "./progress.ts";
import { shownRun } from "./run-log.ts";
import { count } from "./text.ts";
import { type AnyModel, type EngineMaker, type LargeModel, tooManyFor } from "./trained.ts";

/** A certificate beside what is known exactly. */
export interface Certified {
  readonly certificate: Certificate;
  /** Exact values, null where there are too many responses. */
  readonly exact: {
    readonly logPartition: number | null;
    readonly klStudentTarget: number | null;
    readonly klTargetStudent: number | null;
    /** Why values are not known, where they are not. */
    readonly reason?: string;
  };
  readonly breakdown:
    | ({ readonly kind: "exact" } & ResidualBreakdown)
    | ({ readonly kind: "estimated" } & SampledBreakdown);
}

/** How many samples a certificate is from. */
export interface CertifyOptions {
  readonly samples: number;
  readonly seed: number;
}

/**
 * Certifies a student that is a table against one that is: on one space, where they are on two of the same responses.
 *
 * @param names what messages call them
 * @throws InputError where tokens, horizons or ends differ
 */
export const certifyTables = (
  names: readonly [student: string, target: string],
  student: FileModel,
  target: FileModel,
  options: CertifyOptions,
): Certified => {
  const [ofStudent, ofTarget] = onOneSpace(names, student, target);
  checkMemory("--samples", options.samples, ofStudent.table.space);
  return {
    certificate: certify(ofStudent.arm, ofTarget.table, options),
    exact: certifyExactly(ofStudent.arm, ofTarget.arm),
    breakdown: { kind: "exact", ...residualBreakdown(ofStudent.arm, ofTarget.table) },
  };
};

/** Two models whose responses have the same tokens, horizon and end, on one space. @throws InputError */
export const onOneSpace = (
  [first, second]: readonly [string, string],
  a: FileModel,
  b: FileModel,
): readonly [FileModel, FileModel] => {
  if (differenceOf(a.table.space, b.table.space) === undefined) return [a, b];
  try {
    const [left, right] = alignTables(a.table, b.table);
    return [left === a.table ? a : modelOf(left), right === b.table ? b : modelOf(right)];
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new InputError(`${first} and ${second}: ${error.message}`, { cause: error });
  }
};

const modelOf = (table: FileModel["table"]): FileModel => ({ table, arm: armOf(table) });

/**
 * Certifies a student against a target of which one has no table: from samples of the student, and of nothing else.
 *
 * @throws InputError where the student is an EBM, which cannot be sampled exactly, or tokens, horizons or ends differ
 */
export const certifySampled = async (
  names: readonly [student: string, target: string],
  student: AnyModel,
  target: AnyModel,
  context: CertifyOptions & { readonly engine: EngineMaker; readonly output: Output; readonly signal?: AbortSignal },
): Promise<Certified> => {
  const { space } = student;
  checkResponses(names, space, target.space);
  if (student.kind === "transformer" && student.architecture.kind === "ebm") {
    throw new InputError(
      `${names[0]}: is an EBM on so large a space that it cannot be sampled exactly: certify an ARM, or give the EBM as the target`,
    );
  }
  checkMemory("--samples", context.samples, space);
  const [sampler, judge] = [await samplerOf(student, context.engine), await judgeOf(target, context.engine)];
  const large = [student, target].find(({ kind }) => kind === "transformer") as LargeModel;
  const supported = student.kind === "transformer" || hasAll(student);
  try {
    return await certifyBySamples(sampler, judge, {
      ...context,
      space,
      supported,
      reason: await tooManyFor(large.space),
    });
  } finally {
    await sampler.dispose();
    await judge.dispose();
  }
};

/** Draws the samples, with progress, and certifies. @param context.reason why nothing is known exactly */
export const certifyBySamples = async (
  sampler: Sampler,
  judge: Judge,
  context: CertifySamplesOptions & { readonly output: Output; readonly reason: string },
): Promise<Certified> => {
  const { certifySamples } = await import("../learn/index.ts");
  const { output, reason, ...options } = context;
  const { certificate, breakdown } = await shownRun(output, certifySamples(sampler, judge, options), toldOf);
  const exact = { logPartition: judge.logPartition ?? null, klStudentTarget: null, klTargetStudent: null, reason };
  return { certificate, exact, breakdown: { kind: "estimated", ...breakdown } };
};

const toldOf = ({ drawn, samples }: { readonly drawn: number; readonly samples: number }): Progress => ({
  done: drawn,
  total: samples,
  label: `certify  ${count(drawn)} of ${count(samples)} samples`,
});

/** Refuses models whose responses have other tokens, another horizon or end. */
export const checkResponses = ([first, second]: readonly [string, string], a: Space, b: Space): void => {
  const treeOf = ({ tokens, horizon, eos }: Space) => tree({ tokens, horizon, eos });
  const difference = differenceOf(treeOf(a), treeOf(b));
  if (difference === undefined) return;
  throw new InputError(
    `${first} and ${second}: the models live on different spaces: ${difference}; give two on the same responses`,
  );
};

/** Whether a table gives positive probability to every response of its tokens and horizon, as a Transformer does. */
const hasAll = ({ arm, table }: FileModel): boolean => {
  const { tokens, horizon, eos } = table.space;
  return countSupport(arm) === countResponses(tree({ tokens, horizon, eos }));
};

/** What draws from a table, or a Transformer that is an ARM. */
export const samplerOf = async (model: AnyModel, engine: EngineMaker): Promise<Sampler> => {
  const { proposalSampler, tableProposal, transformerSampler } = await import("../learn/index.ts");
  return model.kind === "table"
    ? proposalSampler(tableProposal(model.arm))
    : transformerSampler(await onEngine(model, engine));
};

/** What tells how much a model likes responses. */
export const judgeOf = async (model: AnyModel, engine: EngineMaker): Promise<Judge> => {
  const { armProposal, ebmJudge, policyJudge, tableJudge } = await import("../learn/index.ts");
  if (model.kind === "table") return tableJudge(model.arm);
  const placed = await onEngine(model, engine);
  return model.architecture.kind === "arm" ? policyJudge(await armProposal(placed)) : ebmJudge(placed);
};

const onEngine = async ({ architecture, parameters }: LargeModel, engine: EngineMaker) => {
  const made = await engine();
  return { engine: made, model: architecture, weights: made.resident(parameters) };
};

/** The keys of `arbel certify --json`. */
export const certificateJson = ({ certificate, exact, breakdown }: Certified) => {
  const { samples, seed, warnings, guarantees = null, ...estimates } = certificate;
  return { ...estimates, guarantees, exact, breakdown: breakdownJson(breakdown), samples, seed, warnings };
};

const breakdownJson = (breakdown: Certified["breakdown"]) => {
  if (breakdown.kind === "exact") return { positions: breakdown.positions, states: breakdown.states };
  return {
    positions: breakdown.positions.map(({ depth, probability, standardErrors, ...known }) => {
      const { mean = null, standardDeviation = null, variance = null, forbidden = null } = known;
      return { depth, probability, mean, standardDeviation, variance, forbidden, standardErrors };
    }),
    states: breakdown.states.map(({ depth, prefix, probability, variance, standardErrors }) => {
      const unknown = { state: null, squaredResidual: null };
      return { depth, ...unknown, prefix, probability, variance, standardErrors };
    }),
  };
};
