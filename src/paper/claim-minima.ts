import { entropy, softValues, toLogits } from "../bellman/index.ts";
import { dirichletTarget, noisyTarget, trainTabular, zipfTarget } from "../learn/index.ts";
import type { Table, Tree } from "../space/index.ts";
import { logPartitionOf, scoreResponses } from "./enumerate.ts";
import { type NamedSpace, PAPER_SPACES, REWARD_LAWS, randomTable, seedOf, streamOf } from "./reward-laws.ts";

/** A law that targets are drawn from. */
export interface TargetLaw {
  readonly id: string;
  readonly label: string;
  draw(space: Tree, seed: number): Table;
}

/** Full-support targets (theory §10). */
export const TARGET_LAWS: readonly TargetLaw[] = [
  { id: "zipf", label: "Zipf", draw: (space, seed) => zipfTarget(space, { seed }) },
  { id: "dirichlet", label: "Dirichlet", draw: (space, seed) => dirichletTarget(space, { seed }) },
  { id: "noisy", label: "uniform plus noise", draw: (space, seed) => noisyTarget(space, { seed }) },
];

/** The two losses compared, on one space. */
export interface LossGap {
  readonly space: NamedSpace;
  readonly target: TargetLaw;
  /** Largest `|L_ARM(M(r)) − L_EBM(r)|` over all responses, for a random reward, in nats. */
  readonly perResponse: number;
  /** Entropy of the target, in nats. */
  readonly entropy: number;
  /** Least risk of an EBM less the entropy, in nats. */
  readonly ebmGap: number;
  /** Risk of the ARM that M makes of that EBM, less the entropy, in nats. */
  readonly armGap: number;
}

/** Compares the losses response by response, and their analytic minima. */
export const lossGaps = (options: { readonly seed: number; readonly spaces?: readonly NamedSpace[] }): LossGap[] =>
  (options.spaces ?? PAPER_SPACES).flatMap((space) =>
    TARGET_LAWS.map((target) => {
      const part = `minima ${space.id} ${target.id}`;
      const law = REWARD_LAWS[0] as (typeof REWARD_LAWS)[number];
      const random = lossesOf(randomTable(space.space, "reward", law, streamOf(options.seed, part)));
      const best = target.draw(space.space, seedOf(options.seed, part));
      const losses = lossesOf(best);
      const mean = (values: Float64Array) => sum(values.map((value, i) => value * (losses.probabilities[i] as number)));
      const least = entropy(best);
      return {
        space,
        target,
        perResponse: Math.max(...differences(random.ebm, random.arm)),
        entropy: least,
        ebmGap: mean(losses.ebm) - least,
        armGap: mean(losses.arm) - least,
      };
    }),
  );

/** `L_EBM(r) = log Z − R(y)` and `L_ARM(M(r)) = Σ_t V(s_t) − q(s_t,y_t)` of every response, in nats. */
const lossesOf = (reward: Table) => {
  const { space } = reward;
  const scored = scoreResponses(reward);
  const logPartition = logPartitionOf(space, scored);
  const { logits } = toLogits(reward);
  const losses = lossTable(logits, softValues(logits));
  return {
    ebm: scored.sums.map((score) => logPartition - score),
    arm: scoreResponses(losses).sums,
    probabilities: scored.sums.map((score) => Math.exp(score - logPartition)),
  };
};

/** `V(s) − q(s,a)` on every arc. */
const lossTable = ({ space, levels }: Table, values: readonly Float64Array[]): Table => ({
  space,
  kind: "reward",
  levels: levels.map((level, depth) =>
    level.map((q, arc) => ((values[depth] as Float64Array)[Math.floor(arc / space.actions)] as number) - q),
  ),
});

const differences = (x: Float64Array, y: Float64Array): number[] =>
  Array.from(x, (value, i) => Math.abs(value - (y[i] as number)));

/** Sum with Neumaier's correction, so that 65,536 terms round no worse than one. */
const sum = (values: Float64Array): number => {
  let [total, correction] = [0, 0];
  for (const value of values) {
    const next = total + value;
    correction += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  return total + correction;
};

/** A model being trained: its gap to the target's entropy after some steps. */
export interface Training {
  readonly space: NamedSpace;
  readonly target: TargetLaw;
  readonly kind: "ebm" | "arm";
  readonly entropy: number;
  readonly curve: readonly { readonly step: number; readonly risk: number; readonly gap: number }[];
  /** Wall time, in seconds. */
  readonly seconds: number;
}

/** Adam steps of each tabular training. */
export const STEPS = 3000;

/** Trains one tabular model by Adam on the exact risk and keeps its learning curve. */
export const trainOne = (
  space: NamedSpace,
  target: TargetLaw,
  kind: "ebm" | "arm",
  options: { readonly seed: number; readonly steps?: number },
): Training => {
  const goal = target.draw(space.space, seedOf(options.seed, `training ${space.id} ${target.id}`));
  const start = performance.now();
  const curve = [...trainTabular(kind, goal, { steps: options.steps ?? STEPS })].map(({ step, risk, gap }) => ({
    step,
    risk,
    gap,
  }));
  const seconds = (performance.now() - start) / 1000;
  return { space, target, kind, entropy: entropy(goal), curve, seconds };
};
