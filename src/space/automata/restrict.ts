import { type ArcLayer, arcLayer, type LayeredAutomaton, spaceOfLayers } from "../layered.ts";
import { END } from "../space.ts";
import type { Automaton } from "./automaton.ts";
import { checkAutomatonSize } from "./automaton-limits.ts";
import { append, contents, intBuffer } from "./int-buffer.ts";
import { type PairIndex, pairIndex } from "./pair-index.ts";
import { checkSameTokens } from "./same-tokens.ts";
import { trim } from "./trim.ts";

/** A space cut down to the responses that an automaton accepts. */
export interface Restriction {
  readonly space: LayeredAutomaton;
  /** For each depth, the arc of the old space that each arc comes from; depths with one layer share one array. */
  readonly origins: readonly Int32Array[];
}

/**
 * The responses of a space that an automaton accepts, as a space.
 *
 * Its states are pairs of a state of the space and one of the automaton. Where all depths of the space but the last share
 * one layer, so do those of the result. Numbers on the old arcs carry over by `origins`, as from theory §7: the reward
 * of a response does not change, so conditioning a model is restricting its reward and applying `M`.
 *
 * @throws RangeError where the tokens differ, or the pairs are too many
 * @example
 * ```ts
 * import { countResponses, layered, lengthRange, regex, restrict } from "arbel";
 * const tokens = ["a", "b"];
 * const all = layered(lengthRange({ tokens, minimum: 0 }), { horizon: 4, eos: true });
 * const { space } = restrict(all, regex("a*b*", tokens));
 * console.log(countResponses(space)); // 10n of 15
 * ```
 */
export const restrict = (space: LayeredAutomaton, machine: Automaton): Restriction => {
  checkSameTokens(space.tokens, machine.tokens, "the space and the automaton");
  const trimmed = trim(machine);
  const [body, last] = [space.layers[0] as ArcLayer, space.layers[space.horizon - 1] as ArcLayer];
  const homogeneous =
    space.horizon > 2 && body.states === last.states && space.layers.slice(0, -1).every((layer) => layer === body);
  return homogeneous ? restrictShared(space, trimmed) : restrictByDepth(space, trimmed);
};

/** One layer for all depths but the last: every pair reached at any depth is a state of each. */
const restrictShared = (space: LayeredAutomaton, machine: Automaton): Restriction => {
  const [body, last] = [space.layers[0] as ArcLayer, space.layers[space.horizon - 1] as ArcLayer];
  const pairs = pairIndex(body.states, machine.states);
  pairs.numberOf(space.start, machine.start);
  const repeated = restrictLayer(body, machine, pairs, pairs);
  const ending = restrictLayer(last, machine, pairs, pairs);
  const depths = space.horizon - 1;
  return {
    space: spaceOfLayers({
      tokens: space.tokens,
      eos: space.eos,
      start: 0,
      layers: [...new Array<ArcLayer>(depths).fill(repeated.layer), ending.layer],
    }),
    origins: [...new Array<Int32Array>(depths).fill(repeated.origins), ending.origins],
  };
};

const restrictByDepth = (space: LayeredAutomaton, machine: Automaton): Restriction => {
  const layers: ArcLayer[] = [];
  const origins: Int32Array[] = [];
  let pairs = pairIndex((space.layers[0] as ArcLayer).states, machine.states);
  pairs.numberOf(space.start, machine.start);
  for (const [depth, layer] of space.layers.entries()) {
    const next = pairIndex(space.layers[depth + 1]?.states ?? 0, machine.states);
    const restricted = restrictLayer(layer, machine, pairs, next);
    layers.push(restricted.layer);
    origins.push(restricted.origins);
    pairs = next;
  }
  return { space: spaceOfLayers({ tokens: space.tokens, eos: space.eos, start: 0, layers }), origins };
};

/** Arcs of a layer that is being written. */
interface Rows {
  readonly actions: Int32Array;
  readonly targets: Int32Array;
  readonly origins: Int32Array;
}

/** A layer's rows for the pairs; those that its arcs lead to are numbered in `next`, which may be `pairs` itself. */
const restrictLayer = (layer: ArcLayer, machine: Automaton, pairs: PairIndex, next: PairIndex) => {
  const offsets = intBuffer();
  append(offsets, 0);
  const { first, second } = pairs;
  let arcs = 0;
  // once to find the pairs and count, once to write: arrays that grow would be copied for longer than that takes
  for (let pair = 0; pair < first.length; pair++) {
    arcs = walkRow(layer, machine, first.values[pair] as number, second.values[pair] as number, next, arcs);
    append(offsets, arcs);
    checkAutomatonSize("the restricted space", first.length, arcs, "minimize the automaton, or use a smaller space");
  }
  const rows = { actions: new Int32Array(arcs), targets: new Int32Array(arcs), origins: new Int32Array(arcs) };
  for (let pair = 0; pair < first.length; pair++) {
    const place = offsets.values[pair] as number;
    walkRow(layer, machine, first.values[pair] as number, second.values[pair] as number, next, place, rows);
  }
  return { layer: arcLayer(contents(offsets), rows.actions, rows.targets), origins: rows.origins };
};

/**
 * Follows the row of a pair: the arcs that the automaton follows too, and the ends it accepts.
 *
 * @param place where the row's arcs begin
 * @param rows where they are written, if they are to be
 * @returns where they end
 */
const walkRow = (
  layer: ArcLayer,
  machine: Automaton,
  state: number,
  at: number,
  next: PairIndex,
  place: number,
  rows?: Rows,
): number => {
  const { labels, targets } = machine;
  const [end, otherEnd] = [layer.offsets[state + 1] as number, machine.offsets[at + 1] as number];
  let [to, other, written] = [at, machine.offsets[at] as number, place];
  for (let arc = layer.offsets[state] as number; arc < end; arc++) {
    const action = layer.actions[arc] as number;
    if (action < machine.tokens.length) {
      while (other < otherEnd && (labels[other] as number) < action) other++;
      if (other === otherEnd || labels[other] !== action) continue;
      to = targets[other] as number;
    } else to = at;
    const target = layer.targets[arc] as number;
    if (target === END && machine.accepting[to] === 0) continue;
    const pair = target === END ? END : next.numberOf(target, to);
    if (rows) {
      rows.actions[written] = action;
      rows.targets[written] = pair;
      rows.origins[written] = arc;
    }
    written++;
  }
  return written;
};
