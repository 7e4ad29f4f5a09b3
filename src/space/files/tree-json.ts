import { emptyLevel } from "../empty-level.ts";
import { checkFits, type Table, tableOf } from "../table.ts";
import { tree } from "../tree.ts";
import type { Head } from "./head.ts";
import { InputError, refuseFrom, show } from "./input-error.ts";
import { type Fields, isEntry, listOf, notAnEntry, numberOfEntry } from "./json-value.ts";
import { entryText } from "./number-text.ts";

/** A table on a tree from `levels[t][prefix][action]`. @throws InputError naming the place and the repair */
export const readTree = (fields: Fields, head: Head, source: string): Table => {
  const space = tree(head);
  refuseFrom(source, () => checkFits(space));
  if (fields.levels === undefined && fields.arcs !== undefined) {
    throw new InputError(`${source}: "levels" is missing: where "arcs" are given, add "space": "automaton"`);
  }
  const lists = listOf(fields.levels, `"levels"`, source, head.horizon, "levels, one per depth");
  const levels = lists.map((list, depth) => {
    const { states } = space.layer(depth);
    const rows = listOf(list, `levels[${depth}]`, source, states, "rows, one per prefix");
    const level = emptyLevel(space, depth);
    const onlyEos = head.eos && depth === head.horizon - 1;
    for (let state = 0; state < states; state++) {
      readRow(rows[state], `levels[${depth}][${state}]`, source, level.subarray(state * space.actions), {
        actions: space.actions,
        onlyEos,
      });
    }
    return level;
  });
  return refuseFrom(source, () => tableOf(space, head.kind, levels));
};

const readRow = (
  value: unknown,
  place: string,
  source: string,
  out: Float64Array,
  { actions, onlyEos }: { actions: number; onlyEos: boolean },
) => {
  const row = listOf(value, place, source, actions, "numbers, one per action");
  for (let action = 0; action < actions; action++) {
    const entry = row[action];
    if (!isEntry(entry)) throw notAnEntry(entry, `${place}[${action}]`, source);
    if (onlyEos && action < actions - 1 && entry !== null) {
      throw new InputError(
        `${source}: ${place}[${action}] is ${show(entry)}, but at the last depth only EOS is allowed: write null`,
      );
    }
    out[action] = numberOfEntry(entry);
  }
};

/** The `levels` of a table on a tree, as JSON text in pieces: a line per prefix. */
export function* treeLevelsText({ space, levels }: Table): Generator<string> {
  yield `"levels":[`;
  for (const [depth, level] of levels.entries()) {
    yield depth === 0 ? "\n[" : ",\n[";
    for (let state = 0; state < space.layer(depth).states; state++) {
      const row = Array.from(level.subarray(state * space.actions, (state + 1) * space.actions), entryText);
      yield `${state === 0 ? "" : ",\n"}[${row.join(",")}]`;
    }
    yield "]";
  }
  yield "]";
}
