import type { Model } from "../../../bellman/index.ts";
import { costToGo, scoreGradient, visitsOf } from "./flows.ts";
import { commonOf, type LaidStudent, layStudent } from "./laid-student.ts";
import { type LaidTarget, layTarget } from "./laid-target.ts";
import type { Objective } from "./objective.ts";
import type { ResponseBatch } from "./response-batch.ts";
import { reverseCoefficients } from "./response-coefficients.ts";
import { addAlong, checkBatch, sumsAlong } from "./walk-batch.ts";

/**
 * Reverse divergence `KL(p_θ‖p_R) = E_θ[log p_θ − R] + log Z`, in nats: maximum-entropy reinforcement learning.
 *
 * With the cost `c = log π_θ − log π_R` and its sum to go `m(s)`, exactly
 * `∂/∂q(s,a) = μ_θ(s)·π_θ(a|s)·(c(s,a) + m(s⊕a) − m(s))`. From responses, the score function with a leave-one-out baseline:
 * `1/n Σ_i w_i·(C_i − b_i) ∇ log p_θ(y_i)`, `C = log p_θ − R`, `w_i = p_θ(y_i)/μ(y_i)`, which is 1 on-policy, and `b_i` the
 * `w`-weighted mean of the others' `C_j`. Unbiased, on- and off-policy where `μ` is positive wherever the student is, since `b_i` is
 * independent of `y_i` and `E_μ[w ∇ log p_θ] = 0`. It vanishes at the optimum, where all `C_i` are alike, so that sampled runs reach
 * it, and does not need `log Z`. Off-policy its noise grows with the weights: at too high a learning rate a student may collapse on
 * responses that `μ` seldom draws. Source: theory §9.
 *
 * @throws EmptyModelError where no response of the target has positive probability
 * @example
 * ```ts
 * import { drawBatch, reverseKl, zipfTarget } from "arbel/learn";
 * import { tree } from "arbel";
 * const objective = reverseKl(zipfTarget(tree({ tokens: 2, horizon: 3, eos: false }), { seed: 7 }));
 * const student = objective.initial();
 * const batch = drawBatch(objective.table(student), 64, { seed: 1, step: 0 });
 * console.log(objective.gradient(student, batch).length === objective.gradient(student).length); // true
 * ```
 */
export const reverseKl = (target: Model): Objective => {
  const laid = layTarget(target);
  const { flat } = laid;
  const common = commonOf(laid);
  const costOf = ({ logPolicy }: LaidStudent) => {
    const cost = logPolicy.map((logP, arc) => (laid.live[arc] === 1 ? logP - (laid.logPolicy[arc] as number) : 0));
    return (arc: number) => cost[arc] as number;
  };
  return {
    ...common,
    value: (student) => {
      const of = layStudent(laid, student, common.size);
      return costToGo(flat, of.policy, costOf(of))[flat.start] as number;
    },
    gradient: (student, batch) => {
      const of = layStudent(laid, student, common.size);
      if (batch) return scoreGradient(flat, of.policy, sampledFlow(laid, of, batch));
      const cost = costOf(of);
      const ahead = costToGo(flat, of.policy, cost);
      const visits = visitsOf(flat, of.policy);
      const gradient = new Float64Array(flat.arcs);
      for (let state = 0; state < flat.states; state++) {
        for (let arc = flat.firstArcs[state] as number; arc < (flat.firstArcs[state + 1] as number); arc++) {
          const advantage = cost(arc) + (ahead[flat.targets[arc] as number] as number) - (ahead[state] as number);
          gradient[arc] = (visits[state] as number) * (of.policy[arc] as number) * advantage;
        }
      }
      return gradient;
    },
  };
};

/** `w_i·(C_i − b_i)/n` on every arc of response `i`. */
const sampledFlow = (laid: LaidTarget, student: LaidStudent, batch: ResponseBatch): Float64Array => {
  checkBatch(laid, batch, { least: 2, proposal: true });
  const coefficients = reverseCoefficients({
    logStudent: sumsAlong(batch, student.logPolicy),
    scores: sumsAlong(batch, laid.reward),
    logProposal: batch.logProposal as Float64Array,
  });
  const flow = new Float64Array(laid.flat.arcs);
  addAlong(batch, coefficients, flow);
  return flow;
};
