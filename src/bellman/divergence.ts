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
  const ofQ = policyRow(second);
  return expectState(first, (depth, state, layer, ofP) => {
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
  const { logPolicy: logP, probability: ofP } = p;
  const { logPolicy: logQ, probability: ofQ } = q;
  let divergence = 0;
  for (let i = 0; i < actions; i++) {
    const d = (logP[i] as number) - (logQ[i] as number);
    if (Math.abs(d) <= NEAR) divergence += (ofP[i] as number) * excess(d);
    else if (logP[i] === -Infinity) divergence += ofQ[i] as number;
    else if (logQ[i] === -Infinity) return Infinity;
    else divergence += (ofP[i] as number) * (d - 1) + (ofQ[i] as number);
  }
  return divergence;
};

/** Where `d + e^−d − 1` is summed as a series: beyond, `π_p (d − 1) + π_q` loses at most 7 bits and costs no exponential. */
const NEAR = 0.125;

/** `(−1)^k / k!` for k = 2 … 11: the next term is below 1e-16 of the first for `|d| ≤ 0.125`. */
const SERIES = Array.from({ length: 10 }, (_, i) => {
  let coefficient = 1;
  for (let k = 2; k <= i + 2; k++) coefficient /= -k;
  return -coefficient;
});

/** `d + e^−d − 1 ≥ 0`, without cancellation near 0. */
const excess = (d: number): number => {
  let sum = 0;
  for (let i = SERIES.length - 1; i >= 0; i--) sum = sum * d + (SERIES[i] as number);
  return sum * d * d;
};
