import { END, type Space, type Table } from "../space/index.ts";

/** No response of the model has positive probability. */
export class EmptyModelError extends RangeError {
  override readonly name = "EmptyModelError";
}

/**
 * The error for an empty model, naming where it dies: the state reached by following allowed actions from the start
 * until none is left.
 */
export const emptyModel = ({ space, levels }: Table): EmptyModelError => {
  const prefix: string[] = [];
  let state = space.start;
  for (let depth = 0; depth < space.horizon; depth++) {
    const layer = space.layer(depth);
    const level = levels[depth] as Float64Array;
    let arc = layer.firstArc(state);
    const end = layer.firstArc(state + 1);
    while (arc < end && (level[arc] === -Infinity || layer.target(arc, state) === END)) arc++;
    if (arc === end) break;
    prefix.push(space.tokens[layer.action(arc, state)] as string);
    state = layer.target(arc, state);
  }
  const shown = prefix.length > SHOWN ? [...prefix.slice(0, SHOWN), `… ${prefix.length - SHOWN} more`] : prefix;
  return new EmptyModelError(
    `the model is empty: no response has positive probability, and after the prefix ${JSON.stringify(shown)} ` +
      `${whyDead(space, levels, prefix.length, state)}: allow one`,
  );
};

/** Longest prefix that a message shows whole. */
const SHOWN = 20;

const whyDead = (space: Space, levels: readonly Float64Array[], depth: number, state: number): string => {
  if (depth >= space.horizon) return "nothing may end";
  const layer = space.layer(depth);
  return layer.firstArc(state) === layer.firstArc(state + 1) && levels[depth]
    ? "there is no action, not even to end"
    : "every action is −∞";
};
