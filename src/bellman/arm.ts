import { END, type Table } from "../space/index.ts";
import { emptyModel } from "./empty-model.ts";
import { type Arm, type Model, softValues, toLogits, toReward } from "./soft-bellman.ts";

/**
 * The autoregressive model of anything that gives a distribution: rewards go through M, logits get their soft values.
 *
 * Logits that lead into a state that cannot finish are replaced by the canonical representative `M(M⁻¹(q))`
 * (theory §2): the same model, given that it finishes.
 *
 * @throws EmptyModelError where no response has positive probability
 */
export const armOf = (model: Model): Arm => {
  if ("logPartition" in model) return model;
  if (model.kind === "reward") return toLogits(model);
  const values = softValues(model);
  if (leaks(model, values)) return toLogits(toReward(model));
  const logPartition = (values[0] as Float64Array)[model.space.start] as number;
  if (logPartition === -Infinity) throw emptyModel(model);
  return { logits: model, values, logPartition };
};

/** The reward of anything that gives a distribution, up to the constant `log Z` on whole responses. */
export const rewardOf = (model: Model): Table => {
  if ("logPartition" in model) return toReward(model.logits);
  return model.kind === "reward" ? model : toReward(model);
};

const leaks = ({ space, levels }: Table, values: readonly Float64Array[]): boolean => {
  for (let depth = 0; depth + 1 < space.horizon; depth++) {
    const next = values[depth + 1] as Float64Array;
    if (!next.includes(-Infinity)) continue;
    const layer = space.layer(depth);
    const level = levels[depth] as Float64Array;
    for (let state = 0; state < layer.states; state++) {
      const end = layer.firstArc(state + 1);
      for (let arc = layer.firstArc(state); arc < end; arc++) {
        if (level[arc] === -Infinity) continue;
        const target = layer.target(arc, state);
        if (target !== END && next[target] === -Infinity) return true;
      }
    }
  }
  return false;
};
