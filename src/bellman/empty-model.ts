import { END, type Table } from "../space/index.ts";

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
  return new EmptyModelError(
    "the model is empty: no response has positive probability, and after the prefix " +
      `${JSON.stringify(prefix)} every action is −∞: allow one`,
  );
};
