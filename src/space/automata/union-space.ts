import { type ArcLayer, arcLayer, type LayeredAutomaton, spaceOfLayers } from "../layered.ts";
import { END, type Layer, type Space } from "../space.ts";
import { checkAutomatonSize } from "./automaton-limits.ts";
import { append, contents, type IntBuffer, intBuffer } from "./int-buffer.ts";
import { type PairIndex, pairIndex } from "./pair-index.ts";

/** The responses of two spaces as one space. */
export interface UnionSpace {
  readonly space: LayeredAutomaton;
  /** For each of the two and each depth, the arc of its own that each arc stands for, or −1 where it has none. */
  readonly origins: readonly [readonly Int32Array[], readonly Int32Array[]];
}

/**
 * The responses that either of two spaces holds, as a space whose states are pairs of theirs.
 *
 * The spaces must agree on tokens, horizon and EOS. Where all depths but the last of both share one layer, so do those of the result.
 *
 * @throws RangeError where the pairs are too many
 */
export const unionSpace = (a: Space, b: Space): UnionSpace => {
  const shared = sharesLayers(a) && sharesLayers(b);
  const layers: UnionLayer[] = [];
  let pairs = emptyPairs(a, b, 0);
  pairs.numberOf(a.start + 1, b.start + 1);
  for (let depth = 0; depth < a.horizon; depth++) {
    const last = depth === a.horizon - 1;
    if (shared && depth > 0 && !last) {
      layers.push(layers[0] as UnionLayer);
      continue;
    }
    const next = shared || last ? pairs : emptyPairs(a, b, depth + 1);
    layers.push(unionLayer(a.layer(depth), b.layer(depth), pairs, next));
    pairs = next;
  }
  const { tokens, eos } = a;
  return {
    space: spaceOfLayers({ tokens, eos, start: 0, layers: layers.map(({ layer }) => layer) }),
    origins: [layers.map(({ origins }) => origins[0]), layers.map(({ origins }) => origins[1])],
  };
};

/** Pairs of states, numbered from 1; 0 stands for having left a space. */
const emptyPairs = (a: Space, b: Space, depth: number): PairIndex =>
  pairIndex(a.layer(depth).states + 1, b.layer(depth).states + 1);

const sharesLayers = (space: Space): boolean => {
  if (space.kind === "tree" || space.horizon < 3) return false;
  const body = space.layer(0);
  if (space.layer(space.horizon - 1).states !== body.states) return false;
  for (let depth = 1; depth < space.horizon - 1; depth++) if (space.layer(depth) !== body) return false;
  return true;
};

interface UnionLayer {
  readonly layer: ArcLayer;
  readonly origins: readonly [Int32Array, Int32Array];
}

/** Columns of a layer that is being written. */
type Columns = Readonly<Record<"actions" | "targets" | "first" | "second", IntBuffer>>;

/** A row for each pair; those that its arcs lead to are numbered in `next`, which may be `pairs` itself. */
const unionLayer = (a: Layer, b: Layer, pairs: PairIndex, next: PairIndex): UnionLayer => {
  const offsets = intBuffer();
  const columns: Columns = { actions: intBuffer(), targets: intBuffer(), first: intBuffer(), second: intBuffer() };
  append(offsets, 0);
  for (let pair = 0; pair < pairs.first.length; pair++) {
    const [left, right] = [(pairs.first.values[pair] as number) - 1, (pairs.second.values[pair] as number) - 1];
    addRow(a, b, left, right, next, columns);
    append(offsets, columns.actions.length);
    checkAutomatonSize("the space of both", pairs.first.length, columns.actions.length, "use smaller automata");
  }
  return {
    layer: arcLayer(contents(offsets), contents(columns.actions), contents(columns.targets)),
    origins: [contents(columns.first), contents(columns.second)],
  };
};

const addRow = (a: Layer, b: Layer, left: number, right: number, next: PairIndex, columns: Columns): void => {
  const [first, second] = [left < 0 ? [] : rowOf(a, left), right < 0 ? [] : rowOf(b, right)];
  for (let i = 0, j = 0; i < first.length || j < second.length; ) {
    const [x, y] = [first[i], second[j]];
    const action = Math.min(x?.action ?? Infinity, y?.action ?? Infinity);
    const [mine, other] = [x?.action === action ? x : undefined, y?.action === action ? y : undefined];
    if (mine) i++;
    if (other) j++;
    append(columns.actions, action);
    append(columns.first, mine?.arc ?? -1);
    append(columns.second, other?.arc ?? -1);
    const ends = (mine ?? other)?.target === END;
    append(columns.targets, ends ? END : next.numberOf((mine?.target ?? -1) + 1, (other?.target ?? -1) + 1));
  }
};

/** A state's arcs that the space has, in the order of their actions. */
const rowOf = (layer: Layer, state: number): { action: number; arc: number; target: number }[] => {
  const row: { action: number; arc: number; target: number }[] = [];
  const end = layer.firstArc(state + 1);
  for (let arc = layer.firstArc(state); arc < end; arc++) {
    const action = layer.action(arc, state);
    if (layer.arcOf(state, action) >= 0) row.push({ action, arc, target: layer.target(arc, state) });
  }
  return row;
};
