import { logSumExp } from "../kernels/index.ts";
import { checkSameSpace, type Table } from "../space/index.ts";
import { armOf, rewardOf } from "./arm.ts";
import { kl } from "./divergence.ts";
import { type Estimate, estimateOf, unknown } from "./estimate.ts";
import { score } from "./policy.ts";
import { reachable } from "./reachable.ts";
import { sample } from "./sample.ts";
import { type Arm, type Model, toLogits } from "./soft-bellman.ts";

/** How far a student is from its target, from samples of the student alone; all in nats. */
export interface Certificate {
  /** `log Z` of the target. */
  readonly logPartition: Estimate;
  /** `KL(p_student‖p_target)`. */
  readonly klStudentTarget: Estimate;
  /** `KL(p_target‖p_student)`. */
  readonly klTargetStudent: Estimate;
  /** `E_student Δ + V ≤ log Z ≤ E_target Δ + V`, both estimated: evidence lower and upper bound. */
  readonly bracket: { readonly lower: number; readonly upper: number };
  /** `(Σ e^Δ)² / Σ e^{2Δ}`, out of `samples`. */
  readonly effectiveSampleSize: number;
  readonly samples: number;
  readonly seed: number;
  /** What stands in the way of trusting the numbers; empty where nothing was seen. */
  readonly warnings: readonly string[];
}

/** Share of effective samples below which a certificate warns. */
const LOW_SHARE = 0.1;

/**
 * Certifies a student against a target from samples of the student (theory §6.4).
 *
 * With `Δ(y) = R(y) − V_q(start) − log p_q(y)`, the sum of the soft Bellman residuals along `y ∼ p_q`:
 * `log Z = V_q(start) + log E e^Δ`, `KL(p_q‖p_R) = log E e^Δ − E Δ` and `KL(p_R‖p_q) = E[e^Δ Δ]/E[e^Δ] − log E e^Δ`. Standard errors are by
 * the delta method, intervals 95 % normal; both are too small where a few weights dominate. A student that misses a part of
 * the target's support, which its samples cannot show, is found by comparing the tables.
 *
 * @param student the model that is sampled
 * @param target a reward, or logits with the reward `M⁻¹` gives them
 * @param options.samples at least 2
 * @throws RangeError where there are fewer than 2 samples or the spaces differ; EmptyModelError
 * @example
 * ```ts
 * import { certify, table, toLogits, tree } from "arbel";
 * const space = tree({ tokens: ["a", "b"], horizon: 3, eos: true });
 * const target = table(space, "reward", (prefix) => prefix.length);
 * const { logPartition } = certify(toLogits(target), target, { samples: 100, seed: 1 });
 * console.log(Math.abs(logPartition.estimate - toLogits(target).logPartition) < 1e-12); // true
 * ```
 */
export const certify = (
  student: Model,
  target: Model,
  options: { readonly samples: number; readonly seed: number },
): Certificate => {
  const { samples: count, seed } = options;
  if (!Number.isSafeInteger(count) || count < 2) {
    throw new RangeError(`"samples" must be a whole number ≥ 2, got ${String(count)}`);
  }
  const arm = armOf(student);
  const reward = rewardOf(target);
  checkSameSpace(arm.logits.space, reward.space);
  const residuals = residualsOf(arm, reward, count, seed);
  const certificate = { ...summarize(residuals, arm.logPartition), samples: count, seed };
  return missesSupport(arm, toLogits(reward)) ? withoutSupport(certificate) : certificate;
};

/** Whether some response of the target has probability 0 under the student, which samples of the student cannot show. */
const missesSupport = (student: Arm, target: Arm): boolean => {
  const { space } = target.logits;
  return reachable(target).some((states, depth) => {
    const layer = space.layer(depth);
    const [q, r] = [student.logits.levels[depth] as Float64Array, target.logits.levels[depth] as Float64Array];
    return states.some((reached, state) => {
      if (reached === 0) return false;
      const end = layer.firstArc(state + 1);
      for (let arc = layer.firstArc(state); arc < end; arc++) {
        if (q[arc] === -Infinity && r[arc] !== -Infinity) return true;
      }
      return false;
    });
  });
};

/** An estimate of a part of what is asked for, which may be larger by any amount. */
const fromBelow = ({ estimate, interval: [lower] }: Estimate): Estimate => ({
  estimate,
  standardError: Infinity,
  interval: [lower, Infinity],
});

const withoutSupport = (certificate: Certificate): Certificate => ({
  ...certificate,
  logPartition: fromBelow(certificate.logPartition),
  klStudentTarget: fromBelow(certificate.klStudentTarget),
  klTargetStudent: { estimate: Infinity, standardError: 0, interval: [Infinity, Infinity] },
  bracket: { ...certificate.bracket, upper: Infinity },
  warnings: [
    ...certificate.warnings,
    "the student gives probability 0 to responses of the target, so KL(target‖student) is infinite, and log Z and KL(student‖target) are only bounded from below",
  ],
});

/** `Δ(y)` of samples of the student. */
const residualsOf = (arm: Arm, reward: Table, count: number, seed: number): Float64Array => {
  const samples = sample(arm, count, { seed });
  return samples.logProbabilities.map((logP, i) => score(reward, samples.response(i)) - arm.logPartition - logP);
};

const summarize = (residuals: Float64Array, value: number): Omit<Certificate, "samples" | "seed"> => {
  const count = residuals.length;
  const logMean = logSumExp(residuals) - Math.log(count); // log E e^Δ
  if (logMean === -Infinity) return nothingShared();
  const weights = residuals.map((residual) => Math.exp(residual - logMean)); // e^Δ / E e^Δ, of mean 1
  const effectiveSampleSize = count ** 2 / weights.reduce((sum, w) => sum + w * w, 0);
  const mean = residuals.reduce((sum, residual) => sum + residual, 0) / count; // E Δ under the student
  const weigh = (i: number, x: number) => ((weights[i] as number) === 0 ? 0 : (weights[i] as number) * x);
  const tilted = residuals.reduce((sum, residual, i) => sum + weigh(i, residual), 0) / count; // E Δ under the target
  return {
    logPartition: estimateOf(
      value + logMean,
      weights.map((w) => w - 1),
    ),
    klStudentTarget:
      mean === -Infinity
        ? { estimate: Infinity, standardError: 0, interval: [Infinity, Infinity] }
        : estimateOf(
            Math.max(0, logMean - mean),
            residuals.map((residual, i) => (weights[i] as number) - 1 - (residual - mean)),
            0,
          ),
    klTargetStudent: estimateOf(
      Math.max(0, tilted - logMean),
      residuals.map((residual, i) => weigh(i, residual - tilted) - ((weights[i] as number) - 1)),
      0,
    ),
    bracket: { lower: value + mean, upper: value + tilted },
    effectiveSampleSize,
    warnings: warningsOf(residuals, effectiveSampleSize),
  };
};

/** No sample has positive probability under the target. */
const nothingShared = (): Omit<Certificate, "samples" | "seed"> => ({
  logPartition: unknown(-Infinity),
  klStudentTarget: { estimate: Infinity, standardError: 0, interval: [Infinity, Infinity] },
  klTargetStudent: unknown(Infinity, 0),
  bracket: { lower: -Infinity, upper: Infinity },
  effectiveSampleSize: 0,
  warnings: [
    "no sample of the student has positive probability under the target: the estimates say nothing about log Z",
  ],
});

const warningsOf = (residuals: Float64Array, effectiveSampleSize: number): string[] => {
  const count = residuals.length;
  const impossible = residuals.reduce((sum, residual) => sum + (residual === -Infinity ? 1 : 0), 0);
  const warnings: string[] = [];
  if (effectiveSampleSize < LOW_SHARE * count) {
    warnings.push(
      `the effective sample size is ${effectiveSampleSize.toFixed(1)} of ${count} samples, below 10 %: ` +
        "errors and intervals are too small, take more samples or a closer student",
    );
  }
  if (impossible > 0) {
    warnings.push(
      `${impossible} of ${count} samples have probability 0 under the target, so KL(student‖target) is infinite`,
    );
  }
  return warnings;
};

/** What {@link certify} estimates, computed exactly: divergences by dynamic programming, `log Z` by a sweep. */
export const certifyExactly = (
  student: Model,
  target: Model,
): { readonly logPartition: number; readonly klStudentTarget: number; readonly klTargetStudent: number } => {
  const [studentArm, targetArm] = [armOf(student), armOf(target)];
  return {
    logPartition: targetArm.logPartition,
    klStudentTarget: kl(studentArm, targetArm),
    klTargetStudent: kl(targetArm, studentArm),
  };
};
