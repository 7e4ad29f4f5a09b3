import type { ArcLayer, LayeredAutomaton } from "../layered.ts";
import { differenceOfLayers } from "../same-space.ts";
import type { Table } from "../table.ts";
import { headFields } from "./head.ts";
import { sameNumbers } from "./number-text.ts";
import { HEADER_LIMIT, LENGTH_BYTES } from "./safetensors-header.ts";
import { layerTensors } from "./safetensors-layers.ts";

/**
 * The bytes of a table's safetensors file, in pieces: the header, then each array as it is, without a copy.
 *
 * @throws RangeError where there are too many depths for the format's header
 */
export function* safetensorsBytes(table: Table): Generator<Uint8Array> {
  const tensors = tensorsOf(table);
  yield headerBytes(table, tensors);
  for (const { data } of tensors) yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float64Array | Int32Array;
}

/** Levels first, as 8-byte numbers must stay aligned; then the structure of an automaton. */
const tensorsOf = (table: Table): Tensor[] => {
  const { space, levels } = table;
  if (space.kind === "tree") {
    return levels.map((data, depth) => ({
      name: `level.${depth}`,
      shape: [space.layer(depth).states, space.actions],
      data,
    }));
  }
  const layers = (space as LayeredAutomaton).layers;
  const repeats = layers.map((layer, depth) => depth > 0 && sameLayer(layer, layers[depth - 1] as ArcLayer));
  const numbers = levels.flatMap((data, depth): Tensor[] =>
    repeats[depth] && sameNumbers(data, levels[depth - 1] as Float64Array)
      ? []
      : [{ name: `level.${depth}`, shape: [data.length], data }],
  );
  const structure = layers.flatMap((layer, depth) => (repeats[depth] ? [] : structureOf(layer, depth)));
  return [...numbers, ...structure];
};

const sameLayer = (layer: ArcLayer, before: ArcLayer) => differenceOfLayers(layer, before) === undefined;

const structureOf = (layer: ArcLayer, depth: number): Tensor[] => {
  const names = layerTensors(depth);
  return [
    { name: names.offsets, shape: [layer.states + 1], data: layer.offsets },
    { name: names.actions, shape: [layer.arcs], data: layer.actions },
    { name: names.targets, shape: [layer.arcs], data: layer.targets },
  ];
};

const headerBytes = ({ space, kind }: Table, tensors: readonly Tensor[]): Uint8Array => {
  const head = headFields({ kind, space: space.kind, tokens: space.tokens, horizon: space.horizon, eos: space.eos });
  const fields = space.kind === "automaton" ? { ...head, start: space.start } : head;
  const texts = Object.entries(fields).map(([key, value]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  const header: Record<string, unknown> = { __metadata__: Object.fromEntries(texts) };
  let offset = 0;
  for (const { name, shape, data } of tensors) {
    const dtype = data instanceof Float64Array ? "F64" : "I32";
    header[name] = { dtype, shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  // spaces after the header keep the data 8-byte aligned in the file
  const length = Math.ceil(text.length / 8) * 8;
  if (length > HEADER_LIMIT) {
    throw new RangeError(
      `a header for ${space.horizon} depths would take ${length} bytes, the limit is ${HEADER_LIMIT}: lower the horizon`,
    );
  }
  const bytes = new Uint8Array(LENGTH_BYTES + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, LENGTH_BYTES);
  return bytes;
};
