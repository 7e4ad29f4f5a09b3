import { END, type Layer, type Space } from "../space/index.ts";
import { armOf } from "./arm.ts";
import { type PolicyRow, policyRow } from "./policy-row.ts";
import type { Model } from "./soft-bellman.ts";

/** Means and covariances of `K` additive features. */
export interface Moments {
  /** `E Φ_k`, `[K]`, each in its feature's unit. */
  readonly means: Float64Array;
  /** `Cov(Φ_k, Φ_l)`, `[K × K]`, row-major, symmetric. */
  readonly covariance: Float64Array;
}

/**
 * Means and covariances of additive features `Φ_k(y) = Σ_t φ_k(s_t, y_t)`, in one sweep.
 *
 * Backward in depth, `m_k(s) = Σ_a π(a|s)·(φ_k + m_k(s⊕a))` and, by the law of total covariance,
 * `C_kl(s) = Σ_a π(a|s)·(C_kl(s⊕a) + d_k·d_l)` with `d_k = φ_k + m_k(s⊕a) − m_k(s)`: a sum of positive semidefinite terms. These
 * are the gradient and the Hessian of `log Z` by the weights of features added to the reward. Costs `K²` per arc; theory §7.
 *
 * @param features for each feature one array per depth, laid out as a table's levels; any number may stand on actions of
 * probability 0
 * @throws RangeError where a number is missing, or is not finite on an action of positive probability; EmptyModelError where
 * no response has positive probability
 * @example
 * ```ts
 * import { covariance, table, tree } from "arbel";
 * const space = tree({ tokens: ["a", "b"], horizon: 4, eos: false });
 * const fair = table(space, "reward", () => 0);
 * const count = (token: number) => table(space, "reward", (_, action) => (action === token ? 1 : 0)).levels;
 * console.log(covariance(fair, [count(0), count(1)]).covariance); // Float64Array(4) [ 1, -1, -1, 1 ]
 * ```
 */
export const covariance = (model: Model, features: readonly (readonly Float64Array[])[]): Moments => {
  const arm = armOf(model);
  const { space } = arm.logits;
  for (const [k, feature] of features.entries()) checkLengths(space, feature, k);
  const row = policyRow(arm);
  const size = features.length;
  let next: Moments = { means: new Float64Array(0), covariance: new Float64Array(0) };
  for (let depth = space.horizon - 1; depth >= 0; depth--) {
    next = backUp(space.layer(depth), depth, row, features, next);
  }
  return {
    means: next.means.slice(space.start * size, (space.start + 1) * size),
    covariance: next.covariance.slice(space.start * size ** 2, (space.start + 1) * size ** 2),
  };
};

/** One depth backward: the moments of what is to come, `[states × K]` and `[states × K × K]`. */
const backUp = (
  layer: Layer,
  depth: number,
  row: PolicyRow,
  features: readonly (readonly Float64Array[])[],
  next: Moments,
): Moments => {
  const size = features.length;
  const levels = features.map((feature) => feature[depth] as Float64Array);
  const [means, covariances] = [new Float64Array(layer.states * size), new Float64Array(layer.states * size ** 2)];
  // φ_k + m_k(s⊕a) of the actions of one state, `[actions × K]`
  const along = new Float64Array(row.probability.length * size);
  for (let state = 0; state < layer.states; state++) {
    if (!row.read(depth, state)) continue;
    const first = layer.firstArc(state);
    const actions = layer.firstArc(state + 1) - first;
    for (let i = 0; i < actions; i++) {
      if (row.logPolicy[i] === -Infinity) continue;
      const [p, target] = [row.probability[i] as number, layer.target(first + i, state)];
      for (let k = 0; k < size; k++) {
        const x = (levels[k] as Float64Array)[first + i] as number;
        if (!Number.isFinite(x)) throw notFinite(x, first + i, k, depth);
        const ahead = target === END ? x : x + (next.means[target * size + k] as number);
        along[i * size + k] = ahead;
        means[state * size + k] = (means[state * size + k] as number) + p * ahead;
      }
    }
    for (let i = 0; i < actions; i++) {
      const p = row.probability[i] as number;
      if (p === 0) continue;
      for (let k = 0; k < size; k++) {
        along[i * size + k] = (along[i * size + k] as number) - (means[state * size + k] as number);
      }
      addProducts(covariances, state, size, p, along, i, next.covariance, layer.target(first + i, state));
    }
  }
  return { means, covariance: covariances };
};

/** Adds `p·(C(target) + d·dᵀ)` to a state's covariance, where `d` is row `i` of the deviations. */
const addProducts = (
  covariances: Float64Array,
  state: number,
  size: number,
  p: number,
  deviations: Float64Array,
  i: number,
  ahead: Float64Array,
  target: number,
): void => {
  for (let k = 0; k < size; k++) {
    const place = (state * size + k) * size;
    const weighted = p * (deviations[i * size + k] as number);
    for (let l = 0; l < size; l++) {
      const after = target === END ? 0 : p * (ahead[(target * size + k) * size + l] as number);
      covariances[place + l] =
        (covariances[place + l] as number) + after + weighted * (deviations[i * size + l] as number);
    }
  }
};

const notFinite = (x: number, arc: number, feature: number, depth: number) =>
  new RangeError(
    `"features[${feature}][${depth}][${arc}]" is ${x} on an action of positive probability: use a finite number`,
  );

const checkLengths = (space: Space, feature: readonly Float64Array[], index: number): void => {
  for (let depth = 0; depth < space.horizon; depth++) {
    const { arcs } = space.layer(depth);
    if (feature[depth]?.length === arcs) continue;
    throw new RangeError(
      `"features[${index}][${depth}]" must hold ${arcs} numbers, one per arc, got ${feature[depth]?.length}`,
    );
  }
};
