import type { Table } from "../space/index.ts";
import { type FlatSpace, flatNumbers, flatten, tableOfFlat } from "./flat-space.ts";

/** The exact expected loss of a tabular model against a target distribution, with its gradient. */
export interface TabularRisk {
  /** Number of parameters: one per arc of the space, depth by depth. */
  readonly size: number;
  /** Entropy of the target, in nats: the least risk any model can have (theory §5). */
  readonly entropy: number;
  /** Parameters of the uninformed model: 0, and −∞ on arcs that no response takes. */
  initial(): Float64Array;
  /** The risk, in nats, at `parameters` `[size]`; writes its gradient into `gradient` `[size]`, which may not alias them. */
  evaluate(parameters: Float64Array, gradient: Float64Array): number;
  /** The table that the parameters are. */
  table(parameters: Float64Array): Table;
}

/**
 * Exact risk of a tabular energy-based model, `L(r) = log Z(r) − E_target[R]`, in nats.
 *
 * Its gradient is a difference of marginals, `∂L/∂r(s,a) = P_r(s,a) − P_target(s,a)`: how often the model's responses take
 * the arc, less how often the target's do. Both by forward–backward over the graph, never over responses.
 * Source: theory §5 (arXiv 2512.15605, Prop. 4.1).
 *
 * @param target the distribution to learn: a reward or a logits table
 */
export const ebmRisk = (target: Table): TabularRisk => {
  const flat = flatten(target.space);
  const { marginals, entropy } = targetOf(flat, target);
  const policy = new Float64Array(flat.arcs);
  const values = new Float64Array(flat.states + 1);
  const visits = new Float64Array(flat.states + 1);
  return {
    ...common(flat, "reward", entropy),
    evaluate: (parameters, gradient) => {
      softBellman(flat, parameters, values, policy);
      forward(flat, policy, visits, gradient);
      let risk = values[flat.start] as number;
      for (let arc = 0; arc < flat.arcs; arc++) {
        const weight = marginals[arc] as number;
        if (weight === 0) continue;
        risk -= weight * (parameters[arc] as number);
        gradient[arc] = (gradient[arc] as number) - weight;
      }
      return risk;
    },
  };
};

/**
 * Exact risk of a tabular autoregressive model under teacher forcing, `L(q) = E_target[Σ_t V_q(s_t) − q(s_t,y_t)]`, in nats.
 *
 * Its gradient is local, `∂L/∂q(s,a) = μ_target(s)·(π_q(a|s) − π_target(a|s))`, with `μ_target(s)` the probability that the
 * target's responses pass through `s`. Source: theory §5 (arXiv 2512.15605, Prop. 4.1).
 *
 * @param target the distribution to learn: a reward or a logits table
 */
export const armRisk = (target: Table): TabularRisk => {
  const flat = flatten(target.space);
  const { marginals, visits, entropy } = targetOf(flat, target);
  return {
    ...common(flat, "logits", entropy),
    evaluate: (parameters, gradient) => {
      let risk = 0;
      for (let state = 0; state < flat.states; state++) {
        const visit = visits[state] as number;
        const begin = flat.firstArcs[state] as number;
        const end = flat.firstArcs[state + 1] as number;
        if (visit === 0) {
          gradient.fill(0, begin, end);
          continue;
        }
        const value = softmaxRow(parameters, begin, end, gradient);
        risk += visit * value;
        for (let arc = begin; arc < end; arc++) {
          const weight = marginals[arc] as number;
          if (weight > 0) risk -= weight * (parameters[arc] as number);
          gradient[arc] = visit * (gradient[arc] as number) - weight;
        }
      }
      return risk;
    },
  };
};

const common = (flat: FlatSpace, kind: Table["kind"], entropy: number) => ({
  size: flat.arcs,
  entropy,
  initial: () => Float64Array.from(flat.allowed, (allowed) => (allowed ? 0 : -Infinity)),
  table: (parameters: Float64Array) => tableOfFlat(flat, kind, parameters),
});

/** Arc marginals, visit probabilities and entropy of the target. */
const targetOf = (flat: FlatSpace, target: Table) => {
  const policy = new Float64Array(flat.arcs);
  const values = new Float64Array(flat.states + 1);
  const visits = new Float64Array(flat.states + 1);
  const marginals = new Float64Array(flat.arcs);
  const numbers = flatNumbers(flat, target);
  if (target.kind === "reward") softBellman(flat, numbers, values, policy);
  else for (let s = 0; s < flat.states; s++) values[s] = softmaxOfState(flat, numbers, s, policy);
  if (values[flat.start] === -Infinity) {
    throw new RangeError("the target is empty: no response has positive probability, so there is nothing to learn");
  }
  forward(flat, policy, visits, marginals);
  let entropy = 0;
  for (let arc = 0; arc < flat.arcs; arc++) {
    const weight = marginals[arc] as number;
    if (weight > 0) entropy -= weight * Math.log(policy[arc] as number);
  }
  return { marginals, visits, entropy };
};

const softmaxOfState = (flat: FlatSpace, logits: Float64Array, state: number, policy: Float64Array) =>
  softmaxRow(logits, flat.firstArcs[state] as number, flat.firstArcs[state + 1] as number, policy);

/** Soft values `[states + 1]` and policy of a reward, backward in depth: `π(a|s) = exp(r + V(s⊕a) − V(s))`. */
const softBellman = (flat: FlatSpace, reward: Float64Array, values: Float64Array, policy: Float64Array): void => {
  const { firstArcs, targets } = flat;
  for (let state = flat.states - 1; state >= 0; state--) {
    const begin = firstArcs[state] as number;
    const end = firstArcs[state + 1] as number;
    for (let arc = begin; arc < end; arc++) {
      policy[arc] = (reward[arc] as number) + (values[targets[arc] as number] as number); // q = r + V(s⊕a)
    }
    values[state] = softmaxRow(policy, begin, end, policy);
  }
};

/** Soft value of one row of logits; writes the row's policy into `policy`, which may be `logits`. */
const softmaxRow = (logits: Float64Array, begin: number, end: number, policy: Float64Array): number => {
  let max = -Infinity;
  for (let arc = begin; arc < end; arc++) max = Math.max(max, logits[arc] as number);
  if (!Number.isFinite(max)) {
    policy.fill(max === -Infinity ? 0 : Number.NaN, begin, end);
    return max;
  }
  let sum = 0;
  for (let arc = begin; arc < end; arc++) {
    const weight = Math.exp((logits[arc] as number) - max);
    policy[arc] = weight;
    sum += weight;
  }
  const scale = 1 / sum;
  for (let arc = begin; arc < end; arc++) policy[arc] = (policy[arc] as number) * scale;
  return max + Math.log(sum);
};

/** Visit probabilities of states and arcs, forward in depth. */
const forward = (flat: FlatSpace, policy: Float64Array, visits: Float64Array, marginals: Float64Array): void => {
  const { firstArcs, targets } = flat;
  visits.fill(0);
  visits[flat.start] = 1;
  for (let state = 0; state < flat.states; state++) {
    const visit = visits[state] as number;
    const end = firstArcs[state + 1] as number;
    for (let arc = firstArcs[state] as number; arc < end; arc++) {
      const marginal = visit * (policy[arc] as number);
      marginals[arc] = marginal;
      visits[targets[arc] as number] = (visits[targets[arc] as number] as number) + marginal;
    }
  }
};
