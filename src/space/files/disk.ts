import { extname } from "node:path";
import type { Table } from "../table.ts";
import { atomicWrite } from "./atomic-write.ts";
import { InputError, refuseFrom } from "./input-error.ts";
import { readFully, withFile } from "./open-file.ts";
import { decode, readSafetensors } from "./safetensors-read.ts";
import { safetensorsBytes } from "./safetensors-write.ts";
import { parseTable, tableText } from "./table-json.ts";

/** Longest JSON file, 256 MiB: beyond it, safetensors are read in a fraction of the time and memory. */
const JSON_LIMIT = 2 ** 28;

/**
 * Reads a table from a file; the extension decides: `.json` or `.safetensors`.
 *
 * @throws InputError, one sentence naming the file, the place and the repair, where it cannot be read or is no table
 * @example
 * ```ts
 * import { table, tree } from "arbel";
 * import { readTable, writeTable } from "arbel/files";
 * const logits = table(tree({ tokens: 2, horizon: 2, eos: true }), "logits", (prefix) => prefix.length);
 * writeTable("logits.safetensors", logits);
 * console.log(readTable("logits.safetensors").levels); // the same numbers
 * ```
 */
export const readTable = (path: string): Table => {
  const format = formatOf(path);
  return withFile(path, (file, size) => {
    if (format === "safetensors") {
      return readSafetensors({ name: path, size, read: (position, out) => readFully(file, position, out, path) });
    }
    checkJsonSize(path, size);
    const bytes = new Uint8Array(size);
    readFully(file, 0, bytes, path);
    return parseTable(decode(bytes, path), path);
  });
};

/**
 * Writes a table to a file, whole or not at all: to a temporary name in the same folder, then renamed. The extension
 * decides: `.json` or `.safetensors`. Reading it back gives the same numbers bit for bit on an equal space.
 *
 * @throws InputError naming the file and the repair, where it cannot be written
 */
export const writeTable = (path: string, table: Table): void => {
  const format = formatOf(path);
  const pieces = format === "json" ? utf8(path, tableText(table)) : safetensorsBytes(table);
  refuseFrom(path, () => atomicWrite(path, pieces));
};

/** The format that a file's extension names. @throws InputError for any other extension */
export const formatOf = (path: string): "json" | "safetensors" => {
  const extension = extname(path);
  if (extension === ".json") return "json";
  if (extension === ".safetensors") return "safetensors";
  throw new InputError(
    `${path}: the extension ${extension === "" ? "is missing" : `"${extension}" is not known`}: use .json or .safetensors`,
  );
};

const checkJsonSize = (path: string, size: number) => {
  if (size > JSON_LIMIT) {
    throw new InputError(
      `${path}: ${(size / 2 ** 20).toFixed(0)} MiB of JSON is above the limit of ${JSON_LIMIT / 2 ** 20} MiB: ` +
        "save the table as .safetensors",
    );
  }
};

/** Pieces of text as bytes, gathered into larger ones; refused where the result could not be read back. */
function* utf8(path: string, pieces: Iterable<string>): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  let [gathered, size] = ["", 0];
  const take = () => {
    const bytes = encoder.encode(gathered);
    gathered = "";
    size += bytes.length;
    checkJsonSize(path, size);
    return bytes;
  };
  for (const piece of pieces) {
    gathered += piece;
    if (gathered.length >= 2 ** 16) yield take();
  }
  yield take();
}
