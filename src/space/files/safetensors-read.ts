import { emptyLevel } from "../empty-level.ts";
import { checkDepths, checkFits, type Table, tableOf } from "../table.ts";
import { type Tree, tree } from "../tree.ts";
import { type Head, readHead } from "./head.ts";
import { InputError, refuseFrom } from "./input-error.ts";
import { type Fields, parseJson } from "./json-value.ts";
import { type Expected, type Header, headerLength, LENGTH_BYTES, parseHeader } from "./safetensors-header.ts";
import { readLayers } from "./safetensors-layers.ts";
import { type ByteSource, openTensors, type Tensors } from "./tensors.ts";

/**
 * The table of a safetensors file, one level in memory at a time beside the table itself.
 *
 * @throws InputError naming the tensor or field, and the repair
 */
export const readSafetensors = (bytes: ByteSource): Table => {
  const { name: source } = bytes;
  const { header, dataStart } = readHeader(bytes);
  const fields = fieldsOf(header.metadata, source);
  const head = readHead(fields, source);
  const tensors = openTensors(bytes, header, dataStart);
  const table = head.space === "tree" ? readTree(head, tensors) : readAutomaton(head, fields, tensors);
  tensors.checkAllUsed();
  return table;
};

/** The header of a safetensors file, and where its data start. @throws InputError where it is damaged */
export const readHeader = (bytes: ByteSource, expected?: Expected): { header: Header; dataStart: number } => {
  const { name: source, size } = bytes;
  const first = new Uint8Array(Math.min(LENGTH_BYTES, size));
  bytes.read(0, first);
  const length = headerLength(first, size, source);
  const text = new Uint8Array(length);
  bytes.read(LENGTH_BYTES, text);
  const dataStart = LENGTH_BYTES + length;
  return { header: parseHeader(decode(text, source), size - dataStart, source, expected), dataStart };
};

/** Text from UTF-8. @throws InputError where it is not */
export const decode = (bytes: Uint8Array, source: string): string => {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new InputError(`${source}: is not UTF-8 text: is it a file of another format?`, { cause: error });
  }
};

const TEXT_FIELDS = new Set(["format", "kind", "space"]);

/** The fields of the head from the texts of the metadata; all but the plainest are JSON. */
const fieldsOf = (metadata: Readonly<Record<string, string>>, source: string): Fields => {
  const known = ["format", "version", "kind", "space", "tokens", "horizon", "eos", "start"];
  const entries = known.flatMap((key) => {
    const text = Object.hasOwn(metadata, key) ? metadata[key] : undefined;
    if (text === undefined) return [];
    return [[key, TEXT_FIELDS.has(key) ? text : parseJson(text, `${source}: "${key}" in the metadata`)]];
  });
  return Object.fromEntries(entries);
};

const readTree = (head: Head, tensors: Tensors): Table => {
  const space: Tree = tree(head);
  refuseFrom(tensors.source, () => checkFits(space));
  const levels = Array.from({ length: head.horizon }, (_, depth) =>
    tensors.float64(`level.${depth}`, [space.layer(depth).states, space.actions], () => emptyLevel(space, depth)),
  );
  return refuseFrom(tensors.source, () => tableOf(space, head.kind, levels));
};

const readAutomaton = (head: Head, fields: Fields, tensors: Tensors): Table => {
  refuseFrom(tensors.source, () => checkDepths(head.horizon));
  const space = readLayers(head, fields, tensors);
  refuseFrom(tensors.source, () => checkFits(space));
  const levels: Float64Array[] = [];
  for (let depth = 0; depth < head.horizon; depth++) {
    const name = `level.${depth}`;
    const repeats = depth > 0 && space.layer(depth) === space.layer(depth - 1) && !tensors.has(name);
    levels.push(repeats ? (levels[depth - 1] as Float64Array) : tensors.float64(name, [space.layer(depth).arcs]));
  }
  return refuseFrom(tensors.source, () => tableOf(space, head.kind, levels));
};
