import type { Model } from "../../../bellman/index.ts";
import { type Behaviour, behaviourPolicy } from "./behaviour.ts";
import { visitsOf } from "./flows.ts";
import { commonOf, type LaidStudent, layStudent } from "./laid-student.ts";
import { type LaidTarget, layTarget } from "./laid-target.ts";
import type { Objective } from "./objective.ts";
import type { ResponseBatch } from "./response-batch.ts";
import { addAlong, checkBatch, checkPossible } from "./walk-batch.ts";

/**
 * Soft Bellman regression, `E_μ[Σ_t mean_a (q(s_t,a) − r(s_t,a) − V(s_t⊕a))²]`, in squared nats: fitted soft Q.
 *
 * The mean is over the actions that the target allows at `s_t`. By default `V` is *held still* in the gradient, as fitted Q
 * iteration does; its gradient is then no function's gradient, but that of `value(·, held)` at `held = student`. With
 * `bootstrap: "followed"` it is the gradient of the value itself (residual gradient).
 *
 * From a batch, the mean over its responses of the same sum over the states they pass: unbiased for the states of whatever drew them,
 * without weights, and exactly 0 at the optimum, so that any states that cover the space do. The optimum is `q = M(r)` itself, gauge
 * included: `V_q` at the start is `log Z`. Errors travel back one depth at a time. Source: theory §3, §9.
 *
 * With `actions: "taken"` the mean over a state's actions becomes the action that the behaviour takes: what is left where the values
 * after all others would cost too much.
 *
 * @param options.behaviour whose states the exact value is over (default `"uniform"`)
 * @param options.bootstrap `"held"` (default) or `"followed"`
 * @param options.actions `"all"` (default) or `"taken"`
 * @throws EmptyModelError; RangeError where the behaviour is on another space or leaves the target's support
 * @example
 * ```ts
 * import { bellmanRegression, zipfTarget } from "arbel/learn";
 * import { toLogits, tree } from "arbel";
 * const target = zipfTarget(tree({ tokens: 2, horizon: 2, eos: false }), { seed: 7 });
 * const objective = bellmanRegression(target);
 * const { logits } = toLogits(target);
 * const optimum = Float64Array.from(logits.levels.flatMap((level) => [...level]));
 * console.log(objective.value(optimum) < 1e-28); // true
 * ```
 */
export const bellmanRegression = (
  target: Model,
  options: {
    readonly behaviour?: Behaviour;
    readonly bootstrap?: "held" | "followed";
    readonly actions?: "all" | "taken";
  } = {},
): Objective => {
  const { behaviour = "uniform", bootstrap = "held", actions = "all" } = options;
  if (bootstrap !== "held" && bootstrap !== "followed") {
    throw new RangeError(`"bootstrap" must be "held" or "followed", got ${JSON.stringify(bootstrap)}`);
  }
  if (actions !== "all" && actions !== "taken") {
    throw new RangeError(`"actions" must be "all" or "taken", got ${JSON.stringify(actions)}`);
  }
  const laid = layTarget(target);
  const { flat } = laid;
  const common = commonOf(laid);
  const fixed = behaviourPolicy(laid, behaviour);
  const weightsUnder = (held: LaidStudent) => {
    const policy = fixed === "student" ? held.policy : fixed;
    const visits = visitsOf(flat, policy);
    return actions === "all" ? sharedOut(laid, visits) : timesPolicy(laid, visits, policy);
  };
  const weightsOf = (batch: ResponseBatch) =>
    actions === "all" ? sharedOut(laid, passes(laid, batch)) : timesTaken(laid, batch);
  return {
    ...common,
    value: (student, held = student) => {
      const heldStudent = layStudent(laid, held, common.size);
      const { values } = bootstrap === "held" ? heldStudent : layStudent(laid, student, common.size);
      const weights = weightsUnder(heldStudent);
      let value = 0;
      for (let arc = 0; arc < flat.arcs; arc++) {
        if ((weights[arc] as number) > 0) value += (weights[arc] as number) * residual(laid, student, values, arc) ** 2;
      }
      return value;
    },
    gradient: (student, batch) => {
      const of = layStudent(laid, student, common.size);
      const weights = batch ? weightsOf(batch) : weightsUnder(of);
      const gradient = weights.map((w, arc) => (w > 0 ? 2 * w * residual(laid, student, of.values, arc) : 0));
      return bootstrap === "held" ? gradient : followed(laid, of.policy, gradient);
    },
  };
};

/** `q(s,a) − r(s,a) − V(s⊕a)` of a live arc. */
const residual = ({ flat, reward }: LaidTarget, logits: Float64Array, values: Float64Array, arc: number): number =>
  (logits[arc] as number) - (reward[arc] as number) - (values[flat.targets[arc] as number] as number);

/** Each state's weight shared out among its live arcs, `[arcs]`. */
const sharedOut = ({ flat, live }: LaidTarget, visits: Float64Array): Float64Array => {
  const weights = new Float64Array(flat.arcs);
  for (let state = 0; state < flat.states; state++) {
    const visit = visits[state] as number;
    if (visit === 0) continue;
    const [begin, end] = [flat.firstArcs[state] as number, flat.firstArcs[state + 1] as number];
    const count = live.subarray(begin, end).reduce((sum, one) => sum + one, 0);
    for (let arc = begin; arc < end; arc++) if (live[arc] === 1) weights[arc] = visit / count;
  }
  return weights;
};

/** How often an arc is taken on average, `[arcs]`. */
const timesPolicy = ({ flat }: LaidTarget, visits: Float64Array, policy: Float64Array): Float64Array => {
  const weights = new Float64Array(flat.arcs);
  for (let state = 0; state < flat.states; state++) {
    const end = flat.firstArcs[state + 1] as number;
    for (let arc = flat.firstArcs[state] as number; arc < end; arc++) {
      weights[arc] = (visits[state] as number) * (policy[arc] as number);
    }
  }
  return weights;
};

/** Mean number of times that a batch's responses take each arc, `[arcs]`. */
const timesTaken = (laid: LaidTarget, batch: ResponseBatch): Float64Array => {
  checkBatch(laid, batch);
  checkPossible(laid, batch);
  const weights = new Float64Array(laid.flat.arcs);
  addAlong(batch, new Float64Array(batch.count).fill(1 / batch.count), weights);
  return weights;
};

/** Mean number of times that a batch's responses pass each state, `[states + 1]`. */
const passes = (laid: LaidTarget, batch: ResponseBatch): Float64Array => {
  checkBatch(laid, batch);
  checkPossible(laid, batch);
  const { flat } = laid;
  const visits = new Float64Array(flat.states + 1);
  for (let i = 0; i < batch.count; i++) {
    let state = flat.start;
    for (let place = batch.offsets[i] as number; place < (batch.offsets[i + 1] as number); place++) {
      visits[state] = (visits[state] as number) + 1 / batch.count;
      state = flat.targets[batch.arcs[place] as number] as number;
    }
  }
  return visits;
};

/** Adds the gradient through `V(s⊕a)`, `∂V(s)/∂q(s,a) = π(a|s)`; parents stand before their children. */
const followed = ({ flat }: LaidTarget, policy: Float64Array, direct: Float64Array): Float64Array => {
  const throughValue = new Float64Array(flat.states + 1);
  for (let arc = 0; arc < flat.arcs; arc++) {
    const target = flat.targets[arc] as number;
    throughValue[target] = (throughValue[target] as number) - (direct[arc] as number);
  }
  const gradient = direct.slice();
  for (let state = 0; state < flat.states; state++) {
    for (let arc = flat.firstArcs[state] as number; arc < (flat.firstArcs[state + 1] as number); arc++) {
      gradient[arc] = (gradient[arc] as number) + (throughValue[state] as number) * (policy[arc] as number);
    }
  }
  return gradient;
};
