import { type Arm, covariance, hardValues, toLogits } from "../../../bellman/index.ts";
import type { Table } from "../../../space/index.ts";
import type { FittedMoment } from "./moment.ts";
import { sharedLevels } from "./shared-levels.ts";
import { type MomentDual, solveMoments } from "./solve-moments.ts";

/** A moment with its feature as numbers on arcs. */
export interface MomentLevels {
  readonly name: string;
  readonly wanted: number;
  /** One array `[arcs]` per depth. */
  readonly levels: readonly Float64Array[];
}

/** The distribution nearest to a model that has some moments. */
export interface FittedMoments {
  /** `r + λ·φ`. */
  readonly reward: Table;
  /** Its autoregressive model. */
  readonly arm: Arm;
  readonly moments: readonly FittedMoment[];
  /** Newton steps made. */
  readonly steps: number;
}

/**
 * The distribution `p_λ ∝ p·exp(λ·φ)` with the wanted means: of all that have them, the one of least `KL(·‖p)`.
 *
 * Exactly, by Newton's method on the dual: means and covariances by dynamic programming, ranges by hard values.
 *
 * @param base the reward of `p`
 * @throws RangeError where a feature is not finite on the support, or the moments are infeasible, naming them
 */
export const fitMoments = (base: Table, moments: readonly MomentLevels[]): FittedMoments => {
  const start = toLogits(base);
  const supported = moments.map((moment) => onSupport(start, moment));
  const ranged = moments.map(({ name, wanted }, k) => ({ name, wanted, range: rangeOf(base, supported, k) }));
  const dual: MomentDual = {
    at: (multipliers) => {
      const arm = toLogits(tiltBy(base, moments, multipliers));
      const sizes = ranged.map(({ range, wanted }) => Math.max(...range.map(Math.abs), Math.abs(wanted)));
      const pull = multipliers.reduce((sum, x, k) => sum + Math.abs(x) * (sizes[k] as number), 0);
      const wanted = multipliers.reduce((sum, x, k) => sum + x * (moments[k] as MomentLevels).wanted, 0);
      return {
        value: arm.logPartition - start.logPartition - wanted,
        rounding: ROUNDING * (1 + Math.abs(arm.logPartition) + Math.abs(start.logPartition) + pull),
        moments: () => gapsOf(arm, moments),
      };
    },
    reach: (multipliers) =>
      greatest(base, combine(base, undefined, supported, multipliers)) -
      multipliers.reduce((sum, x, k) => sum + x * (moments[k] as MomentLevels).wanted, 0),
  };
  const { multipliers, gaps, steps } = solveMoments(ranged, dual, "on the support");
  const reward = tiltBy(base, moments, multipliers);
  const fitted = ranged.map(({ name, wanted, range }, k) => ({
    name,
    wanted,
    achieved: wanted + (gaps[k] as number),
    multiplier: multipliers[k] as number,
    range,
  }));
  return { reward, arm: toLogits(reward), moments: fitted, steps };
};

/** Rounding of a log-partition, relative to the numbers that go into it. */
const ROUNDING = 1e-14;

const gapsOf = (arm: Arm, moments: readonly MomentLevels[]) => {
  const { means, covariance: hessian } = covariance(
    arm,
    moments.map(({ levels }) => levels),
  );
  return { gaps: means.map((mean, k) => mean - (moments[k] as MomentLevels).wanted), covariance: hessian };
};

/** A feature's numbers where the model's responses go, −∞ elsewhere. */
const onSupport = ({ logits }: Arm, { name, levels }: MomentLevels): Float64Array[] =>
  levels.map((level, depth) => {
    const support = logits.levels[depth] as Float64Array;
    return level.map((x, arc) => {
      if (support[arc] === -Infinity) return -Infinity;
      if (Number.isFinite(x)) return x;
      throw new RangeError(
        `the feature of moment "${name}" is ${x} on an action of positive probability: use finite numbers`,
      );
    });
  });

/** Greatest sum of the numbers along a response. */
const greatest = ({ space }: Table, levels: Float64Array[]): number =>
  (hardValues({ space, kind: "reward", levels })[0] as Float64Array)[space.start] as number;

/** Least and greatest value of a feature on the support. */
const rangeOf = (base: Table, supported: readonly Float64Array[][], k: number): readonly [number, number] => {
  const levels = supported[k] as Float64Array[];
  const negative = levels.map((level) => level.map((x) => (x === -Infinity ? x : -x)));
  // adding 0 makes a least value of −0 read 0
  return [0 - greatest(base, negative), greatest(base, levels)];
};

/** `r + λ·φ`. */
const tiltBy = (base: Table, moments: readonly MomentLevels[], multipliers: Float64Array): Table => {
  const features = moments.map(({ levels }) => levels);
  return { space: base.space, kind: "reward", levels: combine(base, base.levels, features, multipliers) };
};

/** `r + λ·φ` or, without a reward, `λ·φ` where the features are not −∞. */
const combine = (
  { space }: Table,
  reward: readonly Float64Array[] | undefined,
  features: readonly (readonly Float64Array[])[],
  multipliers: Float64Array,
): Float64Array[] =>
  sharedLevels(
    space.horizon,
    (depth) => [space.layer(depth), reward?.[depth], ...features.map((levels) => levels[depth])],
    (depth) => {
      const out = reward?.[depth]?.slice() ?? new Float64Array(space.layer(depth).arcs);
      for (const [k, levels] of features.entries()) {
        const [level, multiplier] = [levels[depth] as Float64Array, multipliers[k] as number];
        for (let arc = 0; arc < out.length; arc++) {
          const x = level[arc] as number;
          const r = out[arc] as number;
          if (x === -Infinity || r === -Infinity) out[arc] = -Infinity;
          else out[arc] = r + multiplier * x;
        }
      }
      return out;
    },
  );
