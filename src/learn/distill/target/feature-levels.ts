import { type Automaton, checkSameSpace, END, type Layer, type Space } from "../../../space/index.ts";
import type { Feature, FeaturePart } from "./feature.ts";
import type { Followed } from "./followed.ts";
import type { Refinement } from "./refinement.ts";
import { sharedLevels } from "./shared-levels.ts";

/** A part's number on an arc of a depth. */
type ArcNumber = (arc: number, state: number) => number;

/** A part ready to be read: what each depth's numbers are made of, and the numbers. */
interface Reader {
  ingredient(depth: number): unknown;
  numbers(depth: number, layer: Layer): ArcNumber;
}

/**
 * A feature as numbers on arcs, one array `[arcs]` per depth, laid out as a table's levels: `φ(y) = Σ_t φ(s_t, y_t)`.
 *
 * @param from the space that the feature's tables are on
 * @param refinement of that space, following the feature's automata
 * @throws RangeError where a table is on another space
 */
export const featureLevels = (feature: Feature, from: Space, refinement: Refinement): Float64Array[] => {
  const { space } = refinement;
  const readers = feature.parts.map(({ weight, part }) => ({ weight, reader: readerOf(part, from, refinement) }));
  return sharedLevels(
    space.horizon,
    (depth) => [space.layer(depth), ...readers.map(({ reader }) => reader.ingredient(depth))],
    (depth) => {
      const layer = space.layer(depth);
      const out = new Float64Array(layer.arcs);
      for (const { weight, reader } of readers) addPart(out, layer, weight, reader.numbers(depth, layer));
      return out;
    },
  );
};

const addPart = (out: Float64Array, layer: Layer, weight: number, numberOf: ArcNumber): void => {
  for (let state = 0; state < layer.states; state++) {
    const end = layer.firstArc(state + 1);
    for (let arc = layer.firstArc(state); arc < end; arc++) {
      const x = numberOf(arc, state);
      // −∞ forbids whatever the weight: where it is ≤ 0, the space does not have the action
      out[arc] = x === -Infinity ? x : (out[arc] as number) + weight * x;
    }
  }
};

const readerOf = (part: FeaturePart, from: Space, refinement: Refinement): Reader => {
  const vocabulary = from.tokens.length;
  if (part.kind === "length") {
    const numbers = (_depth: number, layer: Layer) => (arc: number, state: number) =>
      layer.action(arc, state) < vocabulary ? 1 : 0;
    return { ingredient: () => undefined, numbers };
  }
  if (part.kind === "table") {
    checkSameSpace(from, part.table.space);
    const levels = refinement.lift(part.table.levels);
    const numbers = (depth: number) => {
      const level = levels[depth] as Float64Array;
      return (arc: number) => level[arc] as number;
    };
    return { ingredient: (depth) => levels[depth], numbers };
  }
  const { machine, states } = refinement.followed.get(part.machine) as Followed;
  const counts = part.kind === "count";
  return {
    ingredient: (depth) => states[depth],
    numbers: (depth, layer) => acceptance(machine, states[depth] as Int32Array, layer, counts),
  };
};

/** 1 on the arcs by which a complete automaton comes to accept: after every token, or at the end of the response only. */
const acceptance = (machine: Automaton, states: Int32Array, layer: Layer, counts: boolean): ArcNumber => {
  const vocabulary = machine.tokens.length;
  return (arc, state) => {
    const at = states[state] as number;
    const action = layer.action(arc, state);
    const isToken = action < vocabulary;
    if (at < 0 || (counts ? !isToken : layer.target(arc, state) !== END)) return 0;
    const to = isToken ? (machine.targets[at * vocabulary + action] as number) : at;
    return machine.accepting[to] as number;
  };
};
