import { expectedLength, type Model } from "../../bellman/index.ts";
import { batchOf, normal, type ResponseBatch } from "../../learn/index.ts";
import { responses, type Table, type Tree, tableOfArcs, tree } from "../../space/index.ts";
import { seedOf, streamOf } from "../reward-laws.ts";
import { estimateBatch, limitOf } from "./estimate-batch.ts";
import { KL_ESTIMATORS, type KlEstimator } from "./estimators.ts";
import { type Judged, type JudgedGradient, judgeGradients, judgeValues } from "./judge.ts";
import { drawBatches, type Setting, settingOf } from "./setting.ts";

/** One estimator against the exact divergence and its exact gradient. */
export interface KlEstimatorRow {
  readonly id: string;
  readonly label: string;
  readonly formula: string;
  readonly data: "student" | "behaviour";
  /** In nats. */
  readonly value: Judged;
  /** In lengths of the exact gradient. */
  readonly gradient: JudgedGradient;
  readonly gradientOf: string;
  readonly advice: string;
}

/** How estimators of a divergence compare on one small space. */
export interface KlEstimatorStudy {
  /** `KL(p_θ‖ρ)`, exactly, in nats. */
  readonly kl: number;
  /** `KL(ρ‖p_θ)`, exactly, in nats. */
  readonly forwardKl: number;
  /** `KL(p_θ‖μ)` from the student to the older one that drew the stale responses, exactly, in nats. */
  readonly behaviourKl: number;
  /** Expected number of actions of the student's responses. */
  readonly expectedLength: number;
  /** Responses in a batch. */
  readonly batch: number;
  /** Batches that each estimator saw. */
  readonly draws: number;
  readonly rows: readonly KlEstimatorRow[];
}

/** What a study is made on. */
export interface KlEstimatorOptions {
  readonly seed: number;
  /** Responses in a batch, at least 2 (default 16). */
  readonly batch?: number;
  /** Batches, at least 2 (default 2,000). */
  readonly draws?: number;
  /** Three models on one space, small enough to list; by default random ones on 85 responses. */
  readonly models?: { readonly student: Model; readonly reference: Model; readonly behaviour: Model };
}

/**
 * Estimators of `KL(p_θ‖ρ)` between a student and a reference, as code for reinforcement learning from human feedback writes them.
 *
 * Each is taken as a value and as the gradient that comes of differentiating it as a loss, with the responses held still, by the
 * student's logits. Both are compared with the exact divergence of whole responses and its exact gradient: what they tend
 * to, by a sum over all responses, and bias and scatter over independent batches, with standard errors. All estimators of one kind of data
 * see the same batches. Source: theory §6.2, §9.
 *
 * @throws RangeError where a number is too small, the models' spaces differ, or one allows what another forbids
 * @example
 * ```ts
 * import { klEstimatorStudy } from "arbel/paper";
 * const { rows } = klEstimatorStudy({ seed: 1, draws: 200 });
 * const asLoss = rows.find(({ id }) => id === "k1-loss")!;
 * console.log(Math.abs(asLoss.gradient.bias + 1) < 5 * asLoss.gradient.biasStandardError); // true: it has nothing of the gradient
 * ```
 */
export const klEstimatorStudy = (options: KlEstimatorOptions): KlEstimatorStudy => {
  const { seed, batch = 16, draws = 2000 } = options;
  for (const [name, value] of Object.entries({ batch, draws })) {
    if (!Number.isSafeInteger(value) || value < 2) {
      throw new RangeError(`"${name}" must be a whole number ≥ 2, got ${String(value)}`);
    }
  }
  const setting = settingOf(options.models ?? randomModels(seed));
  const all = batchOf(setting.space, [...responses(setting.space)]);
  const batches = {
    student: drawBatches(setting.student, { batch, draws, seed: seedOf(seed, "KL estimators, student") }),
    behaviour: drawBatches(setting.behaviour, { batch, draws, seed: seedOf(seed, "KL estimators, behaviour") }),
  };
  return {
    kl: setting.kl,
    forwardKl: setting.forwardKl,
    behaviourKl: setting.behaviourKl,
    expectedLength: expectedLength(setting.student),
    batch,
    draws,
    rows: KL_ESTIMATORS.map((estimator) => rowOf(estimator, setting, batches[estimator.data], all)),
  };
};

const rowOf = (
  estimator: KlEstimator,
  setting: Setting,
  batches: readonly ResponseBatch[],
  all: ResponseBatch,
): KlEstimatorRow => {
  const { id, label, formula, data, gradientOf, advice } = estimator;
  const limit = limitOf(estimator, setting, all);
  const estimates = batches.map((batch) => estimateBatch(estimator, setting, batch));
  const values = estimates.map(({ value }) => value);
  const gradients = estimates.map(({ gradient }) => gradient);
  return {
    id,
    label,
    formula,
    data,
    value: judgeValues(values, limit.value, setting.kl),
    gradient: judgeGradients(gradients, limit.gradient, setting.gradient),
    gradientOf,
    advice,
  };
};

/** Spread of the student's logits about the reference's, in nats: a divergence of about one nat. */
const STUDENT_SPREAD = 1.2;
/** Spread of the older student's logits about the student's, in nats. */
const BEHAVIOUR_SPREAD = 0.3;

/** A reference of normal logits, a student about it, and an older student about that. */
const randomModels = (seed: number) => {
  const random = streamOf(seed, "KL estimators, models");
  const space: Tree = tree({ tokens: 4, horizon: 4, eos: true });
  const around = (centre: Table | null, spread: number): Table =>
    tableOfArcs(space, "logits", (depth, state, action) => {
      const arc = space.layer(depth).arcOf(state, action);
      return (centre ? (centre.levels[depth]?.[arc] as number) : 0) + spread * normal(random);
    });
  const reference = around(null, 1);
  const student = around(reference, STUDENT_SPREAD);
  return { reference, student, behaviour: around(student, BEHAVIOUR_SPREAD) };
};
