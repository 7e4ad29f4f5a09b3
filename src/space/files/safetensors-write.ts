import type { ArcLayer, LayeredAutomaton } from "../layered.ts";
import { differenceOfLayers } from "../same-space.ts";
import type { Table } from "../table.ts";
import { headFields } from "./head.ts";
import { sameNumbers } from "./number-text.ts";
import { layerTensors } from "./safetensors-layers.ts";
import { type NamedTensor, tensorBytes } from "./tensor-bytes.ts";

/**
 * The bytes of a table's safetensors file, in pieces: the header, then each array as it is, without a copy.
 *
 * @throws RangeError where there are too many depths for the format's header
 */
export function* safetensorsBytes(table: Table): Generator<Uint8Array> {
  yield* tensorBytes(metadataOf(table), tensorsOf(table));
}

/** Levels first, as 8-byte numbers must stay aligned; then the structure of an automaton. */
const tensorsOf = (table: Table): NamedTensor[] => {
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
  const numbers = levels.flatMap((data, depth): NamedTensor[] =>
    repeats[depth] && sameNumbers(data, levels[depth - 1] as Float64Array)
      ? []
      : [{ name: `level.${depth}`, shape: [data.length], data }],
  );
  const structure = layers.flatMap((layer, depth) => (repeats[depth] ? [] : structureOf(layer, depth)));
  return [...numbers, ...structure];
};

const sameLayer = (layer: ArcLayer, before: ArcLayer) => differenceOfLayers(layer, before) === undefined;

const structureOf = (layer: ArcLayer, depth: number): NamedTensor[] => {
  const names = layerTensors(depth);
  return [
    { name: names.offsets, shape: [layer.states + 1], data: layer.offsets },
    { name: names.actions, shape: [layer.arcs], data: layer.actions },
    { name: names.targets, shape: [layer.arcs], data: layer.targets },
  ];
};

const metadataOf = ({ space, kind }: Table): Record<string, string> => {
  const head = headFields({ kind, space: space.kind, tokens: space.tokens, horizon: space.horizon, eos: space.eos });
  const fields = space.kind === "automaton" ? { ...head, start: space.start } : head;
  const texts = Object.entries(fields).map(([key, value]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return Object.fromEntries(texts);
};
