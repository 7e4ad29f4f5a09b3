import { actionAt, END, lengthOf, type Space } from "./space.ts";

/**
 * The arcs a response follows, one per depth, or `undefined` where the space does not hold it.
 *
 * @param response token indices, without EOS
 */
export const arcsOf = (space: Space, response: ArrayLike<number>): number[] | undefined => {
  const length = lengthOf(space, response);
  if (length > space.horizon || (!space.eos && length < space.horizon)) return undefined;
  const arcs: number[] = [];
  let state = space.start;
  for (let depth = 0; depth < length; depth++) {
    const layer = space.layer(depth);
    const arc = layer.arcOf(state, actionAt(space, response, depth));
    if (arc < 0) return undefined;
    arcs.push(arc);
    state = layer.target(arc, state);
  }
  return state === END ? arcs : undefined;
};

/**
 * Every response of a space, in the order of its arcs; a fresh array of token indices each, without EOS.
 *
 * There are exponentially many: for tests, oracles and small spaces.
 */
export function* responses(space: Space, depth = 0, state = space.start): Generator<number[]> {
  const layer = space.layer(depth);
  const end = layer.firstArc(state + 1);
  for (let arc = layer.firstArc(state); arc < end; arc++) {
    const action = layer.action(arc, state);
    if (layer.arcOf(state, action) < 0) continue;
    const head = action === space.tokens.length ? [] : [action];
    const target = layer.target(arc, state);
    if (target === END) yield head;
    else for (const tail of responses(space, depth + 1, target)) yield [...head, ...tail];
  }
}
