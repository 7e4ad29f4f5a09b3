import { type Comparison, compare, entropy, kl, toLogits } from "../../bellman/index.ts";
import { parameterCount } from "../../learn/index.ts";
import type { Table } from "../../space/index.ts";
import { type LogitDistances, logitDistances } from "./logit-distance.ts";
import type { Goal } from "./plan.ts";
import type { RunState } from "./run-file.ts";
import { architectureOf, tableOfSnapshot } from "./train-run.ts";

/** Both models of a goal after some steps each. */
export interface PairPoint {
  readonly step: number;
  /** Exact risk less the target's entropy, `KL(target‖model)`, in nats. */
  readonly gap: { readonly arm: number; readonly ebm: number };
  /** Distances of the ARM's logits from the EBM's reward, which lies on the last action. */
  readonly before: LogitDistances;
  /** Distances of the ARM's logits from `M` of that reward. */
  readonly after: LogitDistances;
  /** The EBM, by `M`, against the ARM: divergences, largest distances and bounds. */
  readonly comparison: Comparison;
}

/** The training of both models of a goal. */
export interface Pair {
  readonly goal: Goal;
  /** Of the target, in nats: the least risk. */
  readonly entropy: number;
  readonly parameters: { readonly arm: number; readonly ebm: number };
  readonly points: readonly PairPoint[];
  /** Wall time of both trainings. */
  readonly seconds: number;
}

/** Compares the two models of a goal at every step that both were looked at. */
export const pairOf = (goal: Goal, target: Table, arm: RunState, ebm: RunState): Pair => {
  const of = (kind: "arm" | "ebm") => parameterCount(architectureOf({ goal, kind }));
  const points = Array.from(arm.snapshots, ([step, logits]): PairPoint => {
    const q = tableOfSnapshot({ goal, kind: "arm" }, logits);
    const reward = tableOfSnapshot({ goal, kind: "ebm" }, ebm.snapshots.get(step) as Float32Array);
    const lookahead = toLogits(reward);
    return {
      step,
      gap: { arm: kl(target, q), ebm: kl(target, lookahead) },
      before: logitDistances(q, reward, target),
      after: logitDistances(q, lookahead.logits, target),
      comparison: compare(lookahead, q),
    };
  });
  return {
    goal,
    entropy: entropy(target),
    parameters: { arm: of("arm"), ebm: of("ebm") },
    points,
    seconds: arm.seconds + ebm.seconds,
  };
};

/** The last point of a pair. */
export const lastPoint = ({ points }: Pair): PairPoint => points.at(-1) as PairPoint;

/** How many times smaller M makes the distance that responses of the target meet, where M acts. */
export const shrinkage = ({ before, after }: PairPoint): number =>
  before.lookahead.gaugeFree.rms / after.lookahead.gaugeFree.rms;
