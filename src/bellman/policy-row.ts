import type { Layer } from "../space/index.ts";
import type { Arm } from "./soft-bellman.ts";

/** Reads the policy of one state at a time. */
export interface PolicyRow {
  /** `log π(a|s)` of the state last read, in the order of its arcs, in nats. */
  readonly logPolicy: Float64Array;
  /** `π(a|s)` of the state last read. */
  readonly probability: Float64Array;
  /** Reads a state; false, with every probability 0, where it cannot finish. */
  read(depth: number, state: number): boolean;
}

/**
 * A reader of an arm's policy, `π(a|s) = exp(q(s,a) − m) / Σ_b exp(q(s,b) − m)` with `m = max_b q(s,b)`, at one exponential an arc.
 *
 * Rows are normalised by themselves rather than by the stored soft value: `q − V` is only good to the spacing of float64
 * numbers at `|V|`, and over a long horizon probabilities that sum to `1 + 1e-12` a row add up to a visible error.
 */
export const policyRow = (arm: Arm): PolicyRow => {
  const { space, levels } = arm.logits;
  const layers = levels.map((_, depth) => space.layer(depth));
  const widest =
    space.kind === "tree" ? space.actions : [...new Set(layers)].reduce((w, l) => Math.max(w, widestOf(l)), 0);
  const [logPolicy, probability] = [new Float64Array(widest), new Float64Array(widest)];
  const read = (depth: number, state: number): boolean => {
    const layer = layers[depth] as Layer;
    const level = levels[depth] as Float64Array;
    const first = layer.firstArc(state);
    const count = layer.firstArc(state + 1) - first;
    let max = -Infinity;
    for (let i = 0; i < count; i++) {
      const q = level[first + i] as number;
      if (q > max) max = q;
    }
    if (max === -Infinity) {
      logPolicy.fill(-Infinity, 0, count);
      probability.fill(0, 0, count);
      return false;
    }
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const p = Math.exp((level[first + i] as number) - max);
      probability[i] = p;
      sum += p;
    }
    const logSum = Math.log(sum);
    for (let i = 0; i < count; i++) {
      logPolicy[i] = (level[first + i] as number) - max - logSum;
      probability[i] = (probability[i] as number) / sum;
    }
    return true;
  };
  return { logPolicy, probability, read };
};

const widestOf = (layer: Layer): number => {
  let widest = 0;
  for (let s = 0; s < layer.states; s++) widest = Math.max(widest, layer.firstArc(s + 1) - layer.firstArc(s));
  return widest;
};
