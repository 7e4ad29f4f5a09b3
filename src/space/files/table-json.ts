import type { Table } from "../table.ts";
import { automatonText } from "./automaton-text.ts";
import { headFields, readHead } from "./head.ts";
import { parseFields } from "./json-value.ts";
import { readAutomaton } from "./read-automaton.ts";
import { readTree, treeLevelsText } from "./tree-json.ts";

/**
 * The table that a JSON text holds.
 *
 * A tree's `levels[t][prefix][action]`, or an automaton's `arcs` and `accept`, with `null` for −∞; the README describes both
 * forms. Nothing is allocated for a table that would not fit.
 *
 * @param text the whole JSON text
 * @param source what error messages call it: the file's name
 * @throws {@link InputError}, one sentence with the place and the repair, for anything but a valid table
 * @example
 * ```ts
 * import { parseTable, toLogits } from "arbel";
 * const reward = parseTable(`{
 *   "format": "arbel-table", "version": 1, "kind": "reward", "tokens": ["a", "b"], "horizon": 2, "eos": false,
 *   "levels": [[[0, 1]], [[2, null], [0, 0]]]
 * }`);
 * console.log(toLogits(reward).logPartition); // log(e² + e + e)
 * ```
 */
export const parseTable = (text: string, source = "the table"): Table => {
  const fields = parseFields(text, source);
  const head = readHead(fields, source);
  return head.space === "tree" ? readTree(fields, head, source) : readAutomaton(fields, head, source);
};

/**
 * The JSON text of a table, which {@link parseTable} reads back bit for bit on an equal space.
 *
 * @example
 * ```ts
 * import { formatTable, parseTable, table, tree } from "arbel";
 * const logits = table(tree({ tokens: 2, horizon: 2, eos: true }), "logits", (prefix) => prefix.length);
 * console.log(parseTable(formatTable(logits)).levels); // the same numbers
 * ```
 */
export const formatTable = (table: Table): string => [...tableText(table)].join("");

/** The JSON text of a table in pieces, for writing without holding all of it. */
export function* tableText(table: Table): Generator<string> {
  const { space, kind } = table;
  const head = headFields({ kind, space: space.kind, tokens: space.tokens, horizon: space.horizon, eos: space.eos });
  yield `${JSON.stringify(head).slice(0, -1)},\n`;
  yield* space.kind === "tree" ? treeLevelsText(table) : automatonText(table);
  yield "}\n";
}
