import { checkSameSpace, type Table } from "../space/index.ts";
import { armOf, rewardOf } from "./arm.ts";
import type { Certificate } from "./certificate.ts";
import { certifyResiduals } from "./certify-residuals.ts";
import { kl } from "./divergence.ts";
import { score } from "./policy.ts";
import { reachable } from "./reachable.ts";
import { residualRange } from "./residual-range.ts";
import { sample } from "./sample.ts";
import { type Arm, type Model, toLogits } from "./soft-bellman.ts";

/**
 * Certifies a student against a target from samples of the student (theory §6.4).
 *
 * With `Δ(y) = R(y) − V_q(start) − log p_q(y)`, the sum of the soft Bellman residuals along `y ∼ p_q`:
 * `log Z = V_q(start) + log E e^Δ`, `KL(p_q‖p_R) = log E e^Δ − E Δ` and `KL(p_R‖p_q) = E[e^Δ Δ]/E[e^Δ] − log E e^Δ`. These are estimates, made by
 * {@link certifyResiduals}, which also tells how their intervals are. What holds whatever the samples stands apart, under `guarantees`:
 * the exact range of `Δ` over the space gives certain bounds, and with it the samples give intervals that fail with a chance of at
 * most 5 %, whatever the weights. A student that misses a part of the target's support, which its samples cannot show, is found by
 * comparing the tables.
 *
 * Measured at 10,000 samples on 200 students, trees and automata, whose logits were off by normal noise of scale 0.1 to 3: the
 * estimated intervals held 199, 199 and 196 times (`log Z`, the divergence from the student, the divergence from the target), and each
 * of the 4 certificates with a miss warned; those of `guarantees.confident` held always and, where nothing warned, were 1.1, 1.1 and 1.5 times as wide (medians).
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
  const range = residualRange(arm, reward);
  const residuals = residualsOf(arm, reward, count, seed);
  const supported = !missesSupport(arm, toLogits(reward));
  return { ...certifyResiduals(residuals, { value: arm.logPartition, range, supported }), seed };
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

/** `Δ(y)` of samples of the student. */
const residualsOf = (arm: Arm, reward: Table, count: number, seed: number): Float64Array => {
  const samples = sample(arm, count, { seed });
  return samples.logProbabilities.map((logP, i) => score(reward, samples.response(i)) - arm.logPartition - logP);
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
