import type { Model } from "../../../bellman/index.ts";
import { scoreGradient, visitsOf } from "./flows.ts";
import { commonOf, layStudent } from "./laid-student.ts";
import { type LaidTarget, layTarget } from "./laid-target.ts";
import type { Objective } from "./objective.ts";
import type { ResponseBatch } from "./response-batch.ts";
import { addAlong, checkBatch, finiteWeights, sumsAlong } from "./walk-batch.ts";

/**
 * Forward divergence `KL(p_R‖p_θ)`, in nats: maximum likelihood on the target's responses.
 *
 * Exactly, `∂/∂q(s,a) = μ_R(s)·(π_θ(a|s) − π_R(a|s))` by forward–backward. From responses `y_i ∼ μ`, of any `μ` positive wherever the
 * target is, `−Σ_i w_i ∇ log p_θ(y_i)` with `w_i ∝ exp(R(y_i) − log μ(y_i))`: distributional policy gradient.
 *
 * Self-normalised weights sum to 1 and need no `log Z`; their gradient is a ratio of means, biased by `O(1/n)` in the size of the
 * batch, and unbiased where all weights are alike (`μ = p_R`): longer runs end where the bias leaves them, larger batches end
 * closer. Exact ones, `w_i = p_R(y_i)/(n·μ(y_i))`, are unbiased and need `log Z`. Neither vanishes at
 * the optimum but on average, so that a sampled run needs a falling learning rate. A batch none of whose responses the
 * target allows teaches nothing. Source: theory §9.
 *
 * @param options.weights `"self-normalised"` (default) or `"exact"`
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
  options: { readonly weights?: "self-normalised" | "exact" } = {},
): Objective => {
  const { weights = "self-normalised" } = options;
  if (weights !== "self-normalised" && weights !== "exact") {
    throw new RangeError(`"weights" must be "self-normalised" or "exact", got ${JSON.stringify(weights)}`);
  }
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
      const { policy: ofStudent } = layStudent(laid, student, common.size);
      const flow = batch ? sampledFlow(laid, batch, weights === "exact") : marginals.map((x) => -x);
      return scoreGradient(flat, ofStudent, flow);
    },
  };
};

/** `−w_i` on every arc of response `i`. */
const sampledFlow = (laid: LaidTarget, batch: ResponseBatch, exact: boolean): Float64Array => {
  checkBatch(laid, batch, { proposal: true });
  const flow = new Float64Array(laid.flat.arcs);
  // log p_R(y) by the policy: the arcs that the target never takes are −∞
  const logTarget = sumsAlong(batch, laid.logPolicy);
  const logWeights = logTarget.map((logP, i) => logP - (batch.logProposal?.[i] as number));
  const largest = logWeights.reduce((max, w) => Math.max(max, w), -Infinity);
  if (largest === -Infinity) return flow;
  const shift = exact ? 0 : largest;
  const weights = finiteWeights(logWeights.map((w) => w - shift));
  const total = exact ? batch.count : weights.reduce((sum, w) => sum + w, 0);
  addAlong(
    batch,
    weights.map((w) => -w / total),
    flow,
  );
  return flow;
};
