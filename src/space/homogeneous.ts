import { differenceOfLayers } from "./same-space.ts";
import { END, type Layer, type Space } from "./space.ts";

/** What an automaton without horizon says of a space: the arcs of every depth but the last, and where it may end. */
export interface Homogeneous {
  /** The layer of all depths but the last; with a horizon of 1, the only one. */
  readonly body: Layer;
  /** 1 where a response may end: with EOS, or by arriving. `[states]` */
  readonly accepting: Uint8Array;
}

/**
 * The automaton behind a space whose depths repeat one layer, as `layered` makes them; undefined where depths differ,
 * or the last one is not what the body implies.
 */
export const homogeneous = (space: Space): Homogeneous | undefined => {
  const { horizon, eos } = space;
  const [body, last] = [space.layer(0), space.layer(horizon - 1)];
  // without EOS the last depth does not say where its arcs lead: a body must
  if (space.kind === "tree" || last.states !== body.states || (horizon === 1 && !eos)) return undefined;
  for (let depth = 1; depth < horizon - 1; depth++) {
    const layer = space.layer(depth);
    if (layer !== space.layer(depth - 1) && differenceOfLayers(layer, body) !== undefined) return undefined;
  }
  const accepting = eos ? endingStates(last, space.tokens.length) : arrivalStates(body, last);
  return accepting && implied(space, body, last, accepting) ? { body, accepting } : undefined;
};

const endingStates = (last: Layer, eosAction: number): Uint8Array =>
  Uint8Array.from({ length: last.states }, (_, state) => (last.arcOf(state, eosAction) >= 0 ? 1 : 0));

const arrivalStates = (body: Layer, last: Layer): Uint8Array => {
  const accepting = new Uint8Array(body.states);
  for (let state = 0; state < last.states; state++) {
    const end = last.firstArc(state + 1);
    for (let arc = last.firstArc(state); arc < end; arc++) {
      const before = body.arcOf(state, last.action(arc, state));
      const target = before < 0 ? END : body.target(before, state);
      if (target !== END) accepting[target] = 1;
    }
  }
  return accepting;
};

/** Whether the body and the last depth hold exactly the arcs that the accepting states imply. */
const implied = (space: Space, body: Layer, last: Layer, accepting: Uint8Array): boolean => {
  for (let state = 0; state < body.states; state++) {
    let ending = 0;
    for (let arc = body.firstArc(state); arc < body.firstArc(state + 1); arc++) {
      const target = body.target(arc, state);
      const ends = space.eos ? target === END : accepting[target] === 1;
      if (!ends) continue;
      ending++;
      if (last.arcOf(state, body.action(arc, state)) < 0) return false;
    }
    if (last.firstArc(state + 1) - last.firstArc(state) !== ending) return false;
  }
  return true;
};
