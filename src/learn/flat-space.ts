import { END, type Kind, type Space, type Table } from "../space/index.ts";

/** States and arcs in typed arrays, numbered from parents to children: of a whole space, or of the prefixes that some responses pass. */
export interface Graph {
  readonly states: number;
  readonly arcs: number;
  readonly start: number;
  /** First arc of each state, `[states + 1]`. */
  readonly firstArcs: Int32Array;
  /**
   * State each arc leads to, `[arcs]`; an arc that ends the response leads to the sink, state number `states`, whose
   * value is 0, so that inner loops need no branch. Arrays over states that loops index by target are `[states + 1]`.
   */
  readonly targets: Int32Array;
}

/** A space's graph, all depths in one numbering, depth by depth, so that a table is one flat array of parameters. */
export interface FlatSpace extends Graph {
  readonly space: Space;
  /** 1 for an arc that some response takes, `[arcs]`. */
  readonly allowed: Uint8Array;
  /** First arc of each depth, `[horizon + 1]`. */
  readonly depths: Int32Array;
}

/** Lays a space out flat. */
export const flatten = (space: Space): FlatSpace => {
  const depths = new Int32Array(space.horizon + 1);
  const stateOffsets = new Int32Array(space.horizon + 1);
  for (let depth = 0; depth < space.horizon; depth++) {
    const layer = space.layer(depth);
    depths[depth + 1] = (depths[depth] as number) + layer.arcs;
    stateOffsets[depth + 1] = (stateOffsets[depth] as number) + layer.states;
  }
  const arcs = depths[space.horizon] as number;
  const states = stateOffsets[space.horizon] as number;
  const firstArcs = new Int32Array(states + 1).fill(arcs);
  const targets = new Int32Array(arcs).fill(states);
  const allowed = new Uint8Array(arcs);
  for (let depth = space.horizon - 1; depth >= 0; depth--) {
    const layer = space.layer(depth);
    const [arcOffset, stateOffset, next] = [depths[depth], stateOffsets[depth], stateOffsets[depth + 1]] as number[];
    for (let state = 0; state < layer.states; state++) {
      const begin = layer.firstArc(state);
      firstArcs[(stateOffset as number) + state] = (arcOffset as number) + begin;
      for (let arc = begin; arc < layer.firstArc(state + 1); arc++) {
        if (layer.arcOf(state, layer.action(arc, state)) < 0) continue;
        const target = layer.target(arc, state);
        const flatArc = (arcOffset as number) + arc;
        if (target !== END) targets[flatArc] = (next as number) + target;
        allowed[flatArc] = target === END || hasAllowed(firstArcs, allowed, targets[flatArc] as number) ? 1 : 0;
      }
    }
  }
  return { space, states, arcs, start: space.start, firstArcs, targets, allowed, depths };
};

const hasAllowed = (firstArcs: Int32Array, allowed: Uint8Array, state: number): boolean => {
  const end = firstArcs[state + 1] as number;
  for (let arc = firstArcs[state] as number; arc < end; arc++) if (allowed[arc] === 1) return true;
  return false;
};

/** A table's numbers as one flat array, `[arcs]`. */
export const flatNumbers = (flat: FlatSpace, table: Table): Float64Array => {
  const numbers = new Float64Array(flat.arcs);
  table.levels.forEach((level, depth) => {
    numbers.set(level, flat.depths[depth]);
  });
  return numbers;
};

/** A table from a copy of a flat array, `[arcs]`. */
export const tableOfFlat = (flat: FlatSpace, kind: Kind, numbers: Float64Array): Table => ({
  space: flat.space,
  kind,
  levels: Array.from({ length: flat.space.horizon }, (_, depth) =>
    numbers.slice(flat.depths[depth], flat.depths[depth + 1]),
  ),
});
