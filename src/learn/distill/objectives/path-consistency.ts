import type { Model } from "../../../bellman/index.ts";
import { type Behaviour, behaviourPolicy } from "./behaviour.ts";
import { costToGo, scoreGradient, visitsOf } from "./flows.ts";
import { commonOf, type LaidStudent, layStudent } from "./laid-student.ts";
import { type LaidTarget, layTarget } from "./laid-target.ts";
import type { Objective } from "./objective.ts";
import type { ResponseBatch } from "./response-batch.ts";
import { consistencyCoefficients } from "./response-coefficients.ts";
import { addAlong, checkBatch, checkPossible, sumsAlong } from "./walk-batch.ts";

/** An objective that learns the target's log-partition besides. */
export interface PathConsistency extends Objective {
  /** The learned `log Z_φ` of a student, in nats: its last parameter. */
  logPartition(student: Float64Array): number;
}

/**
 * Path consistency, also called trajectory balance: `E_μ[(log Z_φ + log p_θ(y) − R(y))²]`, in squared nats.
 *
 * `log Z_φ` is the parameter after the logits, and ends at `log Z`. The residual adds up along the response, so that value and
 * gradient are exact by passes over the graph: `E X² = Var X + (E X)²` with the variance by the law of total variance.
 * From a batch, `2/n Σ_i δ_i ∇ log p_θ(y_i)` and `2/n Σ_i δ_i`: unbiased for the responses of whatever drew them, without weights, and
 * exactly 0 at the optimum. On-policy, where the responses are held still, the gradient by the logits is twice that of
 * `KL(p_θ‖p_R)`, whatever `log Z_φ` is: a baseline. Source: theory §9.
 *
 * @param options.behaviour whose responses the exact value is over (default `"uniform"`)
 * @throws EmptyModelError; RangeError where the behaviour is on another space or leaves the target's support
 * @example
 * ```ts
 * import { pathConsistency, zipfTarget } from "arbel/learn";
 * import { toLogits, tree } from "arbel";
 * const target = zipfTarget(tree({ tokens: 2, horizon: 2, eos: false }), { seed: 7 });
 * const objective = pathConsistency(target);
 * const { logits, logPartition } = toLogits(target);
 * const optimum = Float64Array.from([...logits.levels.flatMap((level) => [...level]), logPartition]);
 * console.log(objective.value(optimum) < 1e-28); // true
 * ```
 */
export const pathConsistency = (target: Model, options: { readonly behaviour?: Behaviour } = {}): PathConsistency => {
  const laid = layTarget(target);
  const { flat } = laid;
  const common = commonOf(laid, 1);
  const fixed = behaviourPolicy(laid, options.behaviour ?? "uniform");
  const logPartition = (student: Float64Array) => student[flat.arcs] as number;
  return {
    ...common,
    logPartition,
    value: (student, held = student) => {
      const residuals = residualsOf(laid, layStudent(laid, student, common.size));
      const behaviour = fixed === "student" ? layStudent(laid, held, common.size).policy : fixed;
      const means = costToGo(flat, behaviour, (arc) => residuals[arc] as number);
      const deviation = deviations(laid, residuals, means);
      const variance = costToGo(flat, behaviour, (arc) => (deviation[arc] as number) ** 2)[flat.start] as number;
      return variance + (logPartition(student) - laid.logPartition + (means[flat.start] as number)) ** 2;
    },
    gradient: (student, batch) => {
      const of = layStudent(laid, student, common.size);
      const residuals = residualsOf(laid, of);
      const offset = logPartition(student) - laid.logPartition;
      const flow = batch
        ? sampledFlow(laid, batch, residuals, offset)
        : exactFlow(laid, fixed === "student" ? of.policy : fixed, residuals, offset);
      return scoreGradient(flat, of.policy, flow);
    },
  };
};

/** `log π_θ(a|s) − log π_R(a|s)`, `[arcs]`: adds up to `log p_θ(y) − R(y) + log Z`. */
const residualsOf = ({ live, logPolicy }: LaidTarget, student: LaidStudent): Float64Array =>
  student.logPolicy.map((logP, arc) => (live[arc] === 1 ? logP - (logPolicy[arc] as number) : 0));

/** `c(s,a) + m(s⊕a) − m(s)`, `[arcs]`: what taking the arc changes in the expected sum. */
const deviations = ({ flat }: LaidTarget, residuals: Float64Array, means: Float64Array): Float64Array => {
  const deviation = new Float64Array(flat.arcs);
  for (let state = 0; state < flat.states; state++) {
    for (let arc = flat.firstArcs[state] as number; arc < (flat.firstArcs[state + 1] as number); arc++) {
      deviation[arc] =
        (residuals[arc] as number) + (means[flat.targets[arc] as number] as number) - (means[state] as number);
    }
  }
  return deviation;
};

/** `2 E[δ·[the response takes the arc]]` of every arc, then `2 E δ`, `[arcs + 1]`. */
const exactFlow = (laid: LaidTarget, behaviour: Float64Array, residuals: Float64Array, offset: number) => {
  const { flat } = laid;
  const means = costToGo(flat, behaviour, (arc) => residuals[arc] as number);
  const visits = visitsOf(flat, behaviour);
  // sum so far, times the probability of passing the state
  const before = new Float64Array(flat.states + 1);
  const flow = new Float64Array(flat.arcs + 1);
  for (let state = 0; state < flat.states; state++) {
    const [visit, sum] = [visits[state] as number, before[state] as number];
    if (visit === 0) continue;
    for (let arc = flat.firstArcs[state] as number; arc < (flat.firstArcs[state + 1] as number); arc++) {
      const p = behaviour[arc] as number;
      if (p === 0) continue;
      const target = flat.targets[arc] as number;
      const here = sum + visit * (residuals[arc] as number);
      before[target] = (before[target] as number) + p * here;
      flow[arc] = 2 * p * (here + visit * (offset + (means[target] as number)));
    }
  }
  flow[flat.arcs] = 2 * (offset + (means[flat.start] as number));
  return flow;
};

/** `2δ_i/n` on every arc of response `i`, then their sum, `[arcs + 1]`. */
const sampledFlow = (laid: LaidTarget, batch: ResponseBatch, residuals: Float64Array, offset: number) => {
  checkBatch(laid, batch);
  checkPossible(laid, batch);
  const weights = consistencyCoefficients(sumsAlong(batch, residuals).map((sum) => sum + offset));
  const flow = new Float64Array(laid.flat.arcs + 1);
  addAlong(batch, weights, flow);
  flow[laid.flat.arcs] = weights.reduce((sum, w) => sum + w, 0);
  return flow;
};
