import { unionSpace } from "./automata/union-space.ts";
import { emptyLevel } from "./empty-level.ts";
import { differenceOf, differenceOfHeads } from "./same-space.ts";
import { END, type Space } from "./space.ts";
import { type Table, tableOf } from "./table.ts";

/**
 * Two tables carried over to one space, that of the responses which either of theirs holds; an action that a table's own space does not
 * have is −∞ in it.
 *
 * Sums along responses stay, so rewards and logits keep their meaning. Tables on one space come back as they are; a
 * tree takes up an automaton's table; two automata become pairs of their states. Source: theory §7.
 *
 * @throws RangeError where the tokens, horizons or ends differ, or the pairs of states are too many
 * @example
 * ```ts
 * import { alignTables, layered, regex, table, tableOfArcs, tree } from "arbel";
 * const all = table(tree({ tokens: ["a", "b"], horizon: 2, eos: false }), "reward", () => 0);
 * const some = tableOfArcs(layered(regex("a*", all.space.tokens), { horizon: 2, eos: false }), "reward", () => 1);
 * console.log(alignTables(some, all)[0].levels[0]); // Float64Array(2) [ 1, -Infinity ]
 * ```
 */
export const alignTables = (first: Table, second: Table): readonly [Table, Table] => {
  const [a, b] = [first.space, second.space];
  if (differenceOf(a, b) === undefined) return [first, { ...second, space: a }];
  const difference = differenceOfHeads({ ...a, kind: b.kind }, b);
  if (difference !== undefined) {
    throw new RangeError(`the models live on different spaces: ${difference}; give two models on the same responses`);
  }
  if (a.kind === "tree") return [first, ontoTree(second, a)];
  if (b.kind === "tree") return [ontoTree(first, b), second];
  const { space, origins } = unionSpace(a, b);
  return [gathered(first, space, origins[0]), gathered(second, space, origins[1])];
};

const gathered = ({ kind, levels }: Table, space: Space, origins: readonly Int32Array[]): Table => {
  const out: Float64Array[] = [];
  origins.forEach((origin, depth) => {
    const level = levels[depth] as Float64Array;
    // what depths share stays shared
    const same = depth > 0 && origin === origins[depth - 1] && level === levels[depth - 1];
    out.push(
      same
        ? (out[depth - 1] as Float64Array)
        : Float64Array.from(origin, (arc) => (arc < 0 ? -Infinity : (level[arc] as number))),
    );
  });
  return { space, kind, levels: out };
};

/** An automaton's table on the tree that holds its responses. */
const ontoTree = ({ space: from, kind, levels }: Table, space: Space): Table => {
  const vocabulary = space.tokens.length;
  let states = Int32Array.of(from.start);
  const out = levels.map((level, depth) => {
    const [layer, old] = [space.layer(depth), from.layer(depth)];
    const numbers = emptyLevel(space, depth).fill(-Infinity);
    const next = new Int32Array(depth === space.horizon - 1 ? 0 : layer.states * vocabulary).fill(-1);
    for (let state = 0; state < layer.states; state++) {
      const at = states[state] as number;
      if (at < 0) continue;
      for (let action = 0; action < space.actions; action++) {
        const arc = old.arcOf(at, action);
        const place = layer.arcOf(state, action);
        if (arc < 0 || place < 0) continue;
        numbers[place] = level[arc] as number;
        const target = old.target(arc, at);
        if (target !== END) next[layer.target(place, state)] = target;
      }
    }
    states = next;
    return numbers;
  });
  return tableOf(space, kind, out);
};
