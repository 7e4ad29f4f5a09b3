import { checkSameSpace } from "../space/index.ts";
import { armOf } from "./arm.ts";
import { expectState } from "./expect-state.ts";
import { type PolicyRow, policyRow } from "./policy-row.ts";
import type { Model } from "./soft-bellman.ts";

/**
 * Kullback–Leibler divergence `KL(p‖q) = E_p[log p(y) − log q(y)]` between two models on the same space, in nats.
 *
 * By the chain rule (theory §6.2), `Σ_t E_{s_t∼p} KL(π_p(·|s_t)‖π_q(·|s_t))`, backward in depth; `+∞` where `p` gives
 * probability to a response that `q` does not.
 *
 * @throws RangeError where the spaces differ; EmptyModelError where a model has no response of positive probability
 * @example
 * ```ts
 * import { kl, table, tree } from "arbel";
 * const space = tree({ tokens: 2, horizon: 1, eos: false });
 * const fair = table(space, "reward", () => 0);
 * const biased = table(space, "reward", (_, action) => (action === 0 ? Math.log(3) : 0));
 * console.log(kl(fair, biased).toFixed(4)); // "0.1438"
 * ```
 */
export const kl = (p: Model, q: Model): number => {
  const [first, second] = [armOf(p), armOf(q)];
  checkSameSpace(first.logits.space, second.logits.space);
  const [ofP, ofQ] = [policyRow(first), policyRow(second)];
  return expectState(first, (depth, state, layer) => {
    ofP.read(depth, state);
    if (!ofQ.read(depth, state)) return Infinity;
    return rowDivergence(ofP, ofQ, layer.firstArc(state + 1) - layer.firstArc(state));
  });
};

/**
 * `KL(π_p(·|s)‖π_q(·|s))` of the state that both rows have read, in nats.
 *
 * `Σ π_p log(π_p/π_q) = Σ π_p (d + e^−d − 1) + (mass of π_q where π_p is 0)` with `d = log(π_p/π_q)`: no term is negative, so
 * small divergences keep their digits.
 */
const rowDivergence = (p: PolicyRow, q: PolicyRow, actions: number): number => {
  let divergence = 0;
  for (let i = 0; i < actions; i++) {
    const [logP, logQ] = [p.logPolicy[i] as number, q.logPolicy[i] as number];
    const [pi, other] = [p.probability[i] as number, q.probability[i] as number];
    if (logP === -Infinity) {
      divergence += other;
      continue;
    }
    if (logQ === -Infinity) return Infinity;
    const d = logP - logQ;
    // π_p e^−d is π_q: the product would overflow for large −d
    divergence += d < -1 ? pi * (d - 1) + other : pi * excess(d);
  }
  return divergence;
};

/** `d + e^−d − 1 ≥ 0`, without cancellation near 0. */
const excess = (d: number): number => {
  if (Math.abs(d) > 1e-2) return d + Math.expm1(-d);
  // Taylor: d²/2 − d³/6 + … to order 8, relative error below 1e-16 for |d| ≤ 1e-2
  let [term, sum] = [(d * d) / 2, 0];
  for (let k = 3; k <= 9; k++) {
    sum += term;
    term *= -d / k;
  }
  return sum;
};
