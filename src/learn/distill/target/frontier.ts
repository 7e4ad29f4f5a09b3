import { EmptyModelError, type Model, policy } from "../../../bellman/index.ts";
import type { Table } from "../../../space/index.ts";
import { type Feature, machinesOf, tableFeature } from "./feature.ts";
import { featureLevels } from "./feature-levels.ts";
import { frontierDepths, sweepFrontier } from "./frontier-sweep.ts";
import { refine } from "./refinement.ts";

/** The best trade of reward against divergence at one temperature. */
export interface FrontierPoint {
  /** `β`, in the reward's unit per nat. */
  readonly temperature: number;
  /** `E_{p_β}[R]`, in the reward's unit. */
  readonly reward: number;
  /** `KL(p_β‖ρ)`, in nats. */
  readonly kl: number;
  /** `log E_ρ exp(R/β)`, in nats: `(E[R] − β·KL)/β`, the greatest that any distribution has. */
  readonly logPartition: number;
}

/**
 * The exact frontier of reward against `KL(·‖ρ)`: at each temperature that of `p_β ∝ ρ·exp(R/β)`, which no distribution
 * beats in both (theory §3).
 *
 * One sweep a temperature, `U(s) = log Σ_a π_ρ(a|s)·exp(r(s,a)/β + U(s⊕a))` and the mean of `R` along, with one exponential per state
 * instead of one per arc; `KL = E[R]/β − U(start)`, good to float64's spacing at `E[R]/β`.
 *
 * @param reference `ρ`
 * @param reward `R`: a feature, or a reward table on the reference's space
 * @param temperatures `β > 0` each, in any order
 * @throws RangeError where a temperature is not a finite number > 0, or so small that `R/β` overflows, or the spaces or tokens
 * differ; EmptyModelError where `R` forbids every response
 * @example
 * ```ts
 * import { frontier, patternOccurs } from "arbel/learn";
 * import { regex, table, tree } from "arbel";
 * const space = tree({ tokens: ["a", "b"], horizon: 8, eos: false });
 * const ends = patternOccurs(regex(".*b", space.tokens));
 * const [point] = frontier(table(space, "reward", () => 0), ends, [1 / Math.log(3)]);
 * console.log(point?.reward.toFixed(4), point?.kl.toFixed(4)); // 0.7500 0.1308
 * ```
 */
export const frontier = (
  reference: Model,
  reward: Feature | Table,
  temperatures: readonly number[],
): FrontierPoint[] => {
  const given = policy(reference);
  const feature = "parts" in reward ? reward : tableFeature(reward);
  const refinement = refine(given.space, { keep: [], follow: machinesOf([feature]) });
  const levels = featureLevels(feature, given.space, refinement);
  checkTemperatures(temperatures, levels);
  const depths = frontierDepths(refinement.space, refinement.lift(given.levels), levels);
  return temperatures.map((temperature) => {
    const { value, mean } = sweepFrontier(depths, refinement.space.start, temperature);
    if (value === -Infinity) {
      throw new EmptyModelError(`${feature.name} is −∞ on every response of the reference: allow one`);
    }
    return { temperature, reward: mean, kl: Math.max(0, mean / temperature - value), logPartition: value };
  });
};

const checkTemperatures = (temperatures: readonly number[], levels: readonly Float64Array[]): void => {
  let highest = 0;
  for (const level of new Set(levels)) {
    for (const x of level) if (x !== -Infinity) highest = Math.max(highest, Math.abs(x));
  }
  if (!Number.isFinite(highest)) throw new RangeError("the reward's numbers overflow: scale them down");
  for (const [i, temperature] of temperatures.entries()) {
    if (!(temperature > 0 && temperature < Infinity)) {
      throw new RangeError(`"temperatures[${i}]" must be a finite number > 0, got ${String(temperature)}`);
    }
    if ((highest * levels.length) / temperature > Number.MAX_VALUE / 4) {
      throw new RangeError(`"temperatures[${i}]" is ${temperature}, so small that R/β overflows: raise it`);
    }
  }
};
