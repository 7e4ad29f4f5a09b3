import {
  type Arm,
  armOf,
  condition,
  EmptyModelError,
  type Model,
  policy,
  tilt,
  toLogits,
} from "../../../bellman/index.ts";
import { type Automaton, type Space, type Table, tableOf } from "../../../space/index.ts";
import { type Feature, machinesOf, sumOf } from "./feature.ts";
import { featureLevels } from "./feature-levels.ts";
import { fitMoments } from "./fit-moments.ts";
import type { FittedMoment, Moment } from "./moment.ts";
import { type Refinement, refine } from "./refinement.ts";

/** What is wanted of a model. */
export interface TargetOptions {
  /** `ρ`, the model to stay near to: a table or an n-gram model, on any space. */
  readonly reference: Model;
  /** `R`, on whole responses (default 0). */
  readonly reward?: Feature;
  /** `β > 0`, in the reward's unit per nat (default 1). */
  readonly temperature?: number;
  /** Automata that every response must be accepted by. */
  readonly constraints?: readonly Automaton[];
  /** Means that features must have. */
  readonly moments?: readonly Moment[];
}

/** A target, ready to be distilled. */
export interface TiltedTarget {
  /** Where the target lives: the reference's space, its states split by the automata followed. */
  readonly space: Space;
  /** `p*` as a reward: `log ρ + R/β + λ·φ`, up to a constant. */
  readonly target: Table;
  /** `p*` itself; its `logPartition` is `log E_ρ[exp(R/β + λ·φ) | constraints]`, in nats. */
  readonly arm: Arm;
  /** `ρ` given the constraints, on the target's space. */
  readonly reference: Arm;
  /** `log ρ(constraints)`, in nats: 0 without constraints. */
  readonly logAccepted: number;
  /** `R` on the target's space, in its own unit. */
  readonly reward: Table;
  readonly temperature: number;
  readonly moments: readonly FittedMoment[];
  /** A table on the reference's space, such as a student, on the target's. */
  lift(table: Table): Table;
}

/**
 * The distribution nearest to a reference model that is wanted: `p*(y) ∝ ρ(y)·1[y accepted]·exp(R(y)/β + λ·φ(y))`.
 *
 * Without moments it maximises `E[R] − β·KL(p‖ρ)` over the accepted responses; with them, the multipliers `λ` make it the
 * distribution of least divergence from that one with `E φ_k` as wanted. Everything is exact, on trees and automata; patterns cost
 * the product of their automata with the reference's (theory §3, §7).
 *
 * @throws RangeError where the temperature is not a finite number > 0, the spaces or the tokens differ, no response is accepted
 * (an EmptyModelError), or moments are infeasible, naming them
 * @example
 * ```ts
 * import { patternOccurs, responseLength, tiltedTarget } from "arbel/learn";
 * import { regex, table, tree } from "arbel";
 * const space = tree({ tokens: ["a", "b"], horizon: 5, eos: true });
 * const { moments } = tiltedTarget({
 *   reference: table(space, "logits", () => 0),
 *   constraints: [regex(".+", space.tokens)],
 *   reward: responseLength(),
 *   temperature: 2,
 *   moments: [{ feature: patternOccurs(regex(".*aa.*", space.tokens), "contains aa"), mean: 0.5 }],
 * });
 * console.log(moments[0]?.achieved.toFixed(8)); // "0.50000000"
 * ```
 */
export const tiltedTarget = (options: TargetOptions): TiltedTarget => {
  const { temperature = 1, constraints = [], moments = [] } = options;
  const feature = options.reward ?? sumOf([]);
  const from = "logPartition" in options.reference ? options.reference.logits.space : options.reference.space;
  const features = [feature, ...moments.map((moment) => moment.feature)];
  const refinement = refine(from, { keep: constraints, follow: machinesOf(features) });
  const { space } = refinement;
  const { reference, logAccepted } = conditioned(options.reference, constraints, refinement);
  const reward = tableOf(space, "reward", rewardLevels(feature, from, refinement));
  const base = tilt(reference, reward, { temperature });
  const wanted = moments.map((moment) => ({
    name: moment.name ?? moment.feature.name,
    wanted: moment.mean,
    levels: featureLevels(moment.feature, from, refinement),
  }));
  const fitted = wanted.length > 0 ? fitMoments(base, wanted) : { reward: base, arm: toLogits(base), moments: [] };
  return {
    space,
    target: fitted.reward,
    arm: fitted.arm,
    reference,
    logAccepted,
    reward,
    temperature,
    moments: fitted.moments,
    lift: (table) => tableOf(space, table.kind, refinement.lift(table.levels)),
  };
};

/** A feature as a reward: −∞, too, on the actions that a tree with EOS lists but does not have. */
const rewardLevels = (feature: Feature, from: Space, refinement: Refinement): Float64Array[] => {
  const levels = featureLevels(feature, from, refinement);
  const { space } = refinement;
  if (space.kind !== "tree" || !space.eos) return levels;
  const last = (levels[space.horizon - 1] as Float64Array).map((x, arc) =>
    arc % space.actions === space.tokens.length ? x : -Infinity,
  );
  return [...levels.slice(0, -1), last];
};

/** The reference given the constraints, on the refined space. */
const conditioned = (model: Model, constraints: readonly Automaton[], refinement: Refinement) => {
  const given = policy(model);
  const { space } = refinement;
  // where nothing is cut, rows stay normalised, and depths that share an array go on sharing it
  if (constraints.length === 0) {
    return { reference: armOf({ space, kind: "logits", levels: refinement.lift(given.levels) }), logAccepted: 0 };
  }
  const whole: Table = { ...given, kind: "reward" };
  const kept: Table =
    space.kind === "tree"
      ? constraints.reduce<Table>((reward, machine) => condition(reward, machine), whole)
      : { space, kind: "reward", levels: refinement.lift(given.levels) };
  try {
    const reference = toLogits(kept);
    return { reference, logAccepted: reference.logPartition };
  } catch (error) {
    if (!(error instanceof EmptyModelError)) throw error;
    throw new EmptyModelError(unsatisfied(whole, constraints), { cause: error });
  }
};

/** Which constraint leaves nothing, in a sentence. */
const unsatisfied = (reward: Table, constraints: readonly Automaton[]): string => {
  let kept = reward;
  for (const [index, machine] of constraints.entries()) {
    kept = condition(kept, machine);
    try {
      toLogits(kept);
    } catch {
      const together = index === 0 ? "" : " together with those before it";
      return `no response of the reference satisfies constraint ${index}${together}: loosen it`;
    }
  }
  return "no response of the reference satisfies the constraints: loosen them";
};
