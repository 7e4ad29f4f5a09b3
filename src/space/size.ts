import { homogeneous } from "./homogeneous.ts";
import type { Layer, Space } from "./space.ts";

/**
 * Number of states that a space distinguishes, exactly.
 *
 * On a tree every prefix, `Σ_{t<T} V^t`; on an automaton its states once where its depths repeat one layer, and the
 * sum over depths where they differ.
 */
export const countStates = (space: Space): bigint => {
  if (space.kind === "tree") return geometric(space.tokens.length, space.horizon);
  return countOnce(space, (layer) => layer.states);
};

/**
 * Number of arcs, `(state, action)` pairs that a space allows, exactly; EOS counts as an action.
 *
 * On a tree with EOS the last depth has one arc a state. On an automaton the arcs once where its depths repeat one
 * layer, and the sum over depths where they differ.
 */
export const countArcs = (space: Space): bigint => {
  if (space.kind !== "tree") return countOnce(space, (layer) => layer.arcs);
  const [vocabulary, last] = [space.tokens.length, space.horizon - 1];
  const lastActions = space.eos ? 1n : BigInt(space.actions);
  return geometric(vocabulary, last) * BigInt(space.actions) + BigInt(vocabulary) ** BigInt(last) * lastActions;
};

/** `Σ_{t<count} base^t` */
const geometric = (base: number, count: number): bigint =>
  base === 1 ? BigInt(count) : (BigInt(base) ** BigInt(count) - 1n) / BigInt(base - 1);

const countOnce = (space: Space, size: (layer: Layer) => number): bigint => {
  const repeated = homogeneous(space);
  if (repeated) return BigInt(size(repeated.body));
  let sum = 0;
  for (let depth = 0; depth < space.horizon; depth++) sum += size(space.layer(depth));
  return BigInt(sum);
};
