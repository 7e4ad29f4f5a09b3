import { type Table, type Tree, tableOf } from "../../space/index.ts";

/**
 * Scores of whole responses as rewards on the action that ends them, 0 before it.
 *
 * @param scores `[responses]`, in nats, in the order of `responses(space)`
 */
export const rewardTable = (space: Tree, scores: ArrayLike<number>): Table => {
  const { horizon, eos, actions } = space;
  const vocabulary = space.tokens.length;
  const levels = Array.from({ length: horizon }, (_, depth) => {
    const level = new Float64Array(vocabulary ** depth * actions);
    // at the last depth of a tree with EOS nothing else is allowed
    return eos && depth === horizon - 1 ? level.fill(-Infinity) : level;
  });
  let next = 0;
  const visit = (depth: number, state: number) => {
    const level = levels[depth] as Float64Array;
    const last = depth === horizon - 1;
    if (!(last && eos)) {
      for (let token = 0; token < vocabulary; token++) {
        if (last) level[state * actions + token] = scores[next++] as number;
        else visit(depth + 1, state * vocabulary + token);
      }
    }
    if (eos) level[state * actions + vocabulary] = scores[next++] as number;
  };
  visit(0, 0);
  return tableOf(space, "reward", levels);
};

/**
 * Logits of all prefixes as a table.
 *
 * @param logits `[prefixes × actions]`, in nats, prefixes depth by depth, in lexicographic order
 */
export const logitsTable = (space: Tree, logits: ArrayLike<number>): Table => {
  const { horizon, eos, actions } = space;
  let offset = 0;
  const levels = Array.from({ length: horizon }, (_, depth) => {
    const level = new Float64Array(space.layer(depth).arcs);
    const eosAlone = eos && depth === horizon - 1;
    for (let arc = 0; arc < level.length; arc++) {
      level[arc] = eosAlone && arc % actions !== actions - 1 ? -Infinity : (logits[offset + arc] as number);
    }
    offset += level.length;
    return level;
  });
  return tableOf(space, "logits", levels);
};
