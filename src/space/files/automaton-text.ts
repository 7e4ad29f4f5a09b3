import type { LayeredAutomaton } from "../layered.ts";
import type { Table } from "../table.ts";
import type { AutomatonForm } from "./automaton-form.ts";
import { formOf } from "./choose-form.ts";
import { entryText } from "./number-text.ts";

/** The automaton and numbers of a table, as JSON text in pieces: a line per arc. */
export function* automatonText(table: Table): Generator<string> {
  const form = formOf(table.space as LayeredAutomaton);
  const numbers = form.oneForAll(table.levels);
  yield `"states":${form.states},"start":${form.start},`;
  if (form.depths) yield `"depths":[${form.depths.join(",")}],`;
  yield* arcsText(form, numbers?.arcs);
  yield* acceptText(form, numbers?.ending);
  if (!numbers) yield* levelsText(form, table);
}

function* arcsText({ arcs }: AutomatonForm, numbers?: ArrayLike<number>): Generator<string> {
  yield `\n"arcs":[`;
  for (const [index, [from, token, to]] of arcs.entries()) {
    const number = numbers ? `,${entryText(numbers[index] as number)}` : "";
    yield `${index === 0 ? "" : ","}\n[${from},${token},${to}${number}]`;
  }
  yield "]";
}

function* acceptText({ accept }: AutomatonForm, numbers?: ArrayLike<number>): Generator<string> {
  yield `,\n"accept":[`;
  for (const [index, state] of accept.entries()) {
    const entry = numbers ? `[${state},${entryText(numbers[index] as number)}]` : String(state);
    yield `${index === 0 ? "" : ","}\n${entry}`;
  }
  yield "]";
}

function* levelsText(form: AutomatonForm, table: Table): Generator<string> {
  yield `,\n"levels":[`;
  for (let depth = 0; depth < table.space.horizon; depth++) {
    yield `${depth === 0 ? "" : ","}\n[${Array.from(form.perDepth(table.levels, depth), entryText).join(",")}]`;
  }
  yield "]";
}
