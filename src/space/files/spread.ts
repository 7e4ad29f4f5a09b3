import type { Automaton } from "../automata/automaton.ts";
import type { LayeredAutomaton } from "../layered.ts";
import { END, type Layer } from "../space.ts";
import { sameNumbers } from "./number-text.ts";

/** The numbers of an automaton's parts. */
export interface Numbers {
  /** One per arc, in the automaton's order. */
  readonly arcs: Float64Array;
  /** One per state, for ending there. */
  readonly ending: Float64Array;
}

/** The state of the automaton that each row of a depth stands for, one array per depth. */
export type Rows = readonly Int32Array[];

/**
 * The rows of a space that `layered` made of an automaton: every state at every depth, or, laid out depth by depth, the
 * states that the rows before lead to.
 */
export const rowsOf = (space: LayeredAutomaton, machine: Automaton): Rows => {
  if (space.layer(0).states === machine.states) {
    return new Array(space.horizon).fill(Int32Array.from({ length: machine.states }, (_, state) => state));
  }
  const rows = [Int32Array.of(machine.start)];
  for (let depth = 0; depth + 1 < space.horizon; depth++) {
    const layer = space.layer(depth);
    const here = rows[depth] as Int32Array;
    const next = new Int32Array(space.layer(depth + 1).states);
    const positions = positionsOf(layer, machine, here);
    for (let arc = 0; arc < layer.arcs; arc++) {
      const position = positions[arc] as number;
      if (position >= 0) next[layer.target(arc, 0)] = machine.targets[position] as number;
    }
    rows.push(next);
  }
  return rows;
};

/**
 * The levels of a table on the space of an automaton, from the numbers of its parts.
 *
 * With EOS, its action in a state takes the state's number for ending; without, the last token adds that number to its
 * own, where −0 changes nothing at all. Depths with the same arcs and numbers share one array.
 *
 * @param numbers one record for all depths, or one per depth
 */
export const levelsOf = (
  space: LayeredAutomaton,
  machine: Automaton,
  rows: Rows,
  numbers: readonly Numbers[],
): Float64Array[] => {
  const levels: Float64Array[] = [];
  for (let depth = 0; depth < space.horizon; depth++) {
    const layer = space.layer(depth);
    const before = levels[depth - 1];
    const repeats = before && layer === space.layer(depth - 1) && rows[depth] === rows[depth - 1];
    if (repeats && numbers.length === 1) {
      levels.push(before);
      continue;
    }
    const here = numbers[Math.min(depth, numbers.length - 1)] as Numbers;
    const level = levelOf(layer, machine, rows[depth] as Int32Array, here);
    levels.push(repeats && sameNumbers(before, level) ? before : level);
  }
  return levels;
};

const levelOf = (layer: Layer, machine: Automaton, rows: Int32Array, { arcs, ending }: Numbers): Float64Array => {
  const level = new Float64Array(layer.arcs);
  const positions = positionsOf(layer, machine, rows);
  for (let row = 0; row < layer.states; row++) {
    for (let arc = layer.firstArc(row); arc < layer.firstArc(row + 1); arc++) {
      const position = positions[arc] as number;
      if (position < 0) level[arc] = ending[rows[row] as number] as number;
      else if (layer.target(arc, row) !== END) level[arc] = arcs[position] as number;
      else level[arc] = (arcs[position] as number) + (ending[machine.targets[position] as number] as number);
    }
  }
  return level;
};

/** Where each arc of a layer stands in the automaton, −1 for EOS. */
const positionsOf = (layer: Layer, machine: Automaton, rows: Int32Array): Int32Array => {
  const positions = new Int32Array(layer.arcs);
  for (let row = 0; row < layer.states; row++) {
    let position = machine.offsets[rows[row] as number] as number;
    for (let arc = layer.firstArc(row); arc < layer.firstArc(row + 1); arc++) {
      const action = layer.action(arc, row);
      if (action === machine.tokens.length) {
        positions[arc] = -1;
        continue;
      }
      // both rows ascend, and the layer's is a part of the automaton's
      while (machine.labels[position] !== action) position++;
      positions[arc] = position;
    }
  }
  return positions;
};
