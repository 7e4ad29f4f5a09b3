import type { Table } from "../table.ts";
import { readSafetensors } from "./safetensors-read.ts";
import { safetensorsBytes } from "./safetensors-write.ts";

/**
 * The table that the bytes of a safetensors file hold.
 *
 * Levels are F64 tensors `level.0 … level.{T−1}`: `[states, actions]` on a tree, `[arcs]` on an automaton, whose structure
 * stands beside them in I32 tensors `layer.t.offsets`, `layer.t.actions` and `layer.t.targets`. A depth of an automaton
 * that lacks tensors repeats those of the depth before.
 *
 * @param bytes the whole file
 * @param source what error messages call it: the file's name
 * @throws {@link InputError}, one sentence with the place and the repair, for anything but a valid table
 */
export const parseSafetensors = (bytes: Uint8Array, source = "the table"): Table =>
  readSafetensors({
    name: source,
    size: bytes.length,
    read: (position, out) => out.set(bytes.subarray(position, position + out.length)),
  });

/**
 * The bytes of a table's safetensors file, which {@link parseSafetensors} reads back bit for bit on an equal space.
 *
 * @example
 * ```ts
 * import { formatSafetensors, parseSafetensors, table, tree } from "arbel";
 * const logits = table(tree({ tokens: 2, horizon: 2, eos: true }), "logits", (prefix) => prefix.length);
 * console.log(parseSafetensors(formatSafetensors(logits)).levels); // the same numbers
 * ```
 */
export const formatSafetensors = (table: Table): Uint8Array => {
  const pieces = [...safetensorsBytes(table)];
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece, offset);
    offset += piece.length;
  }
  return bytes;
};
