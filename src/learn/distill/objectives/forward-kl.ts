import type { Model } from "../../../bellman/index.ts";
import { scoreGradient, visitsOf } from "./flows.ts";
import { commonOf, type LaidStudent, layStudent } from "./laid-student.ts";
import { type LaidTarget, layTarget } from "./laid-target.ts";
import type { Objective } from "./objective.ts";
import type { ResponseBatch } from "./response-batch.ts";
import { forwardCoefficients } from "./response-coefficients.ts";
import { addAlong, checkBatch, sumsAlong } from "./walk-batch.ts";

/**
 * Forward divergence `KL(p_R‖p_θ)`, in nats: maximum likelihood on the target's responses.
 *
 * Exactly, `∂/∂q(s,a) = μ_R(s)·(π_θ(a|s) − π_R(a|s))` by forward–backward. From responses `y_i ∼ μ`, of any `μ` positive wherever the
 * target is, `−Σ_i w_i ∇ log p_θ(y_i)` with `w_i ∝ exp(R(y_i) − log μ(y_i))`: distributional policy gradient.
 *
 * Self-normalised weights sum to 1 and need no `log Z`; their gradient is a ratio of means, biased by `O(1/n)` in the size of the
 * batch, and unbiased where all weights are alike (`μ = p_R`): longer runs end where the bias leaves them, larger batches end
 * closer. Exact ones, `w_i = p_R(y_i)/(n·μ(y_i))`, are unbiased and need `log Z`. Neither vanishes at
 * the optimum but on average, so that a sampled run needs a falling learning rate. With a baseline exact ones do:
 * `w_i = (p_R(y_i) − p_θ(y_i))/(n·μ(y_i))`, whose second part is 0 on average; best where the student itself draws. A batch
 * none of whose responses the target allows teaches nothing. Source: theory §9; Korbak et al., arXiv 2206.00761, for the baseline.
 *
 * @param options.weights `"self-normalised"` (default) or `"exact"`
 * @param options.baseline whether exact weights have the baseline (default `false`)
 * @throws EmptyModelError where no response of the target has positive probability
 * @example
 * ```ts
 * import { forwardKl, zipfTarget } from "arbel/learn";
 * import { kl, tree } from "arbel";
 * const target = zipfTarget(tree({ tokens: 2, horizon: 3, eos: false }), { seed: 7 });
 * const objective = forwardKl(target);
 * const student = objective.initial();
 * console.log(Math.abs(objective.value(student) - kl(target, objective.table(student))) < 1e-14); // true
 * ```
 */
export const forwardKl = (
  target: Model,
  options: { readonly weights?: "self-normalised" | "exact"; readonly baseline?: boolean } = {},
): Objective => {
  const { weights = "self-normalised", baseline = false } = options;
  if (weights !== "self-normalised" && weights !== "exact") {
    throw new RangeError(`"weights" must be "self-normalised" or "exact", got ${JSON.stringify(weights)}`);
  }
  if (baseline && weights !== "exact") throw new RangeError('"baseline" needs "weights": "exact"');
  const laid = layTarget(target);
  const { flat, live, logPolicy, policy } = laid;
  const common = commonOf(laid);
  const visits = visitsOf(flat, policy);
  const marginals = new Float64Array(flat.arcs);
  for (let state = 0; state < flat.states; state++) {
    for (let arc = flat.firstArcs[state] as number; arc < (flat.firstArcs[state + 1] as number); arc++) {
      marginals[arc] = (visits[state] as number) * (policy[arc] as number);
    }
  }
  return {
    ...common,
    value: (student) => {
      const { logPolicy: ofStudent } = layStudent(laid, student, common.size);
      let value = 0;
      for (let arc = 0; arc < flat.arcs; arc++) {
        if (live[arc] === 1) {
          value += (marginals[arc] as number) * ((logPolicy[arc] as number) - (ofStudent[arc] as number));
        }
      }
      return value;
    },
    gradient: (student, batch) => {
      const of = layStudent(laid, student, common.size);
      const flow = batch
        ? sampledFlow(laid, of, batch, { exact: weights === "exact", baseline })
        : marginals.map((x) => -x);
      return scoreGradient(flat, of.policy, flow);
    },
  };
};

/** `−w_i` on every arc of response `i`. */
const sampledFlow = (
  laid: LaidTarget,
  { logPolicy }: LaidStudent,
  batch: ResponseBatch,
  options: { readonly exact: boolean; readonly baseline: boolean },
): Float64Array => {
  checkBatch(laid, batch, { proposal: true });
  const flow = new Float64Array(laid.flat.arcs);
  const numbers = {
    logStudent: sumsAlong(batch, logPolicy),
    // log p_R(y) by the policy: the arcs that the target never takes are −∞
    scores: sumsAlong(batch, laid.logPolicy),
    logProposal: batch.logProposal as Float64Array,
  };
  const { baseline } = options;
  addAlong(batch, forwardCoefficients(numbers, options.exact ? { logPartition: 0, baseline } : {}), flow);
  return flow;
};
