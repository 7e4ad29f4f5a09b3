import { type ArcLayer, arcLayer, type LayeredAutomaton, spaceOfLayers } from "../layered.ts";
import { END } from "../space.ts";
import type { Head } from "./head.ts";
import { InputError } from "./input-error.ts";
import { type Fields, wholeOf } from "./json-value.ts";
import type { Tensors } from "./tensors.ts";

/** Names of the tensors that hold the structure of a depth, I32. */
export const layerTensors = (depth: number) => ({
  offsets: `layer.${depth}.offsets`,
  actions: `layer.${depth}.actions`,
  targets: `layer.${depth}.targets`,
});

/**
 * The space of an automaton from its structure tensors; a depth without its own repeats the one before.
 *
 * @throws InputError where the tensors are not the rows of a layered deterministic automaton
 */
export const readLayers = (head: Head, fields: Fields, tensors: Tensors): LayeredAutomaton => {
  const layers: ArcLayer[] = [];
  for (let depth = 0; depth < head.horizon; depth++) {
    const before = layers[depth - 1];
    layers.push(before && !tensors.has(layerTensors(depth).offsets) ? before : readLayer(depth, tensors));
  }
  const { source } = tensors;
  for (const [depth, layer] of layers.entries()) {
    const next = layers[depth + 1];
    // a layer that repeats is checked with its first successor that is another, and with itself
    if (depth > 0 && layer === layers[depth - 1] && next === layer) continue;
    checkArcs(layer, next?.states, depth, head, source);
  }
  const start = wholeOf(fields.start, `"start"`, source, 0, (layers[0] as ArcLayer).states - 1);
  return spaceOfLayers({ tokens: head.tokens, eos: head.eos, start, layers });
};

const readLayer = (depth: number, tensors: Tensors): ArcLayer => {
  const names = layerTensors(depth);
  const { source } = tensors;
  const [rows = 0] = tensors.shapeOf(names.offsets, "I32");
  const offsets = tensors.int32(names.offsets, [rows]);
  const [arcs = 0] = tensors.shapeOf(names.actions, "I32");
  let before = 0;
  for (const [row, offset] of offsets.entries()) {
    if (row === 0 ? offset !== 0 : offset < before) {
      throw new InputError(
        `${source}: ${names.offsets}[${row}] is ${offset}: offsets must begin with 0 and never fall, correct it`,
      );
    }
    before = offset;
  }
  if (rows === 0 || before !== arcs) {
    throw new InputError(`${source}: ${names.offsets} must end with ${arcs}, the number of arcs, got ${before}`);
  }
  return arcLayer(offsets, tensors.int32(names.actions, [arcs]), tensors.int32(names.targets, [arcs]));
};

const checkArcs = (layer: ArcLayer, next: number | undefined, depth: number, head: Head, source: string) => {
  const names = layerTensors(depth);
  const { tokens, eos } = head;
  const actions = tokens.length + (eos ? 1 : 0);
  for (let state = 0; state < layer.states; state++) {
    const begin = layer.offsets[state] as number;
    for (let arc = begin; arc < (layer.offsets[state + 1] as number); arc++) {
      const [action, target] = [layer.actions[arc] as number, layer.targets[arc] as number];
      if (action < 0 || action >= actions) {
        throw new InputError(
          `${source}: ${names.actions}[${arc}] is ${action}: use an action from 0 to ${actions - 1}`,
        );
      }
      if (arc > begin && action <= (layer.actions[arc - 1] as number)) {
        throw new InputError(
          `${source}: ${names.actions}[${arc}] is ${action}: the actions of a state must be distinct and ascend, ` +
            "as the automaton is deterministic",
        );
      }
      const ends = action === tokens.length || (next === undefined && !eos);
      if (next === undefined && !ends) {
        throw new InputError(
          `${source}: ${names.actions}[${arc}] is ${action}, but at the last depth only EOS is allowed: remove the arc`,
        );
      }
      if (ends ? target !== END : target < 0 || target >= (next as number)) {
        const expected = ends ? `${END}, the end` : `a state of the next depth, from 0 to ${(next as number) - 1}`;
        throw new InputError(`${source}: ${names.targets}[${arc}] is ${target}: it must be ${expected}`);
      }
    }
  }
};
