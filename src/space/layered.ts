import { upTo } from "./automata/arc-order.ts";
import { type Automaton, findLabel } from "./automata/automaton.ts";
import { append, contents, intBuffer } from "./automata/int-buffer.ts";
import { checkHorizon, END, type Layer, type Space } from "./space.ts";
import { checkDepths } from "./table.ts";

/** A depth whose arcs stand in compressed rows: EOS, where allowed, is the last arc of its row. */
export interface ArcLayer extends Layer {
  /** `[states + 1]` */
  readonly offsets: Int32Array;
  /** Action of each arc, ascending within a row, `[arcs]`. */
  readonly actions: Int32Array;
  /** State of the next depth, or {@link END}, `[arcs]`. */
  readonly targets: Int32Array;
}

/** A space whose states are merged: a layered deterministic automaton (theory §7). */
export interface LayeredAutomaton extends Space {
  readonly kind: "automaton";
  /** One layer per depth. Time-homogeneous arcs are stored once: such depths share one object. */
  readonly layers: readonly ArcLayer[];
}

/** A depth from its rows. */
export const arcLayer = (offsets: Int32Array, actions: Int32Array, targets: Int32Array): ArcLayer => ({
  states: offsets.length - 1,
  arcs: actions.length,
  offsets,
  actions,
  targets,
  firstArc: (state) => offsets[state] as number,
  action: (arc) => actions[arc] as number,
  target: (arc) => targets[arc] as number,
  arcOf: (state, action) => findLabel(actions, offsets[state] as number, offsets[state + 1] as number, action),
});

/** A space from its layers, one per depth. */
export const spaceOfLayers = (options: {
  tokens: readonly string[];
  eos: boolean;
  start: number;
  layers: readonly ArcLayer[];
}): LayeredAutomaton => ({
  kind: "automaton",
  tokens: options.tokens,
  horizon: options.layers.length,
  eos: options.eos,
  actions: options.tokens.length + (options.eos ? 1 : 0),
  start: options.start,
  layers: options.layers,
  layer: (depth) => options.layers[depth] as ArcLayer,
});

/**
 * The space of an automaton's sequences up to a horizon.
 *
 * With EOS: at most `horizon − 1` tokens, then EOS in an accepting state. Without: exactly `horizon` tokens that
 * end in an accepting state. All depths but the last share one layer of `states` rows, so memory does not grow with the
 * horizon; the last depth holds only the arcs that end a response.
 *
 * An automaton whose states each live at one depth only (a trie) is laid out depth by depth instead, without
 * copies of a state at depths it never occurs at.
 *
 * @throws RangeError where the horizon is < 1, not whole, or so long that the list of depths would not fit
 * @example
 * ```ts
 * import { countResponses, layered, regex } from "arbel";
 * const space = layered(regex("(ab|c)*", ["a", "b", "c"]), { horizon: 5, eos: true });
 * console.log(countResponses(space)); // 12n: "", c, ab, cc, abc, cab, ccc, abab, abcc, cabc, ccab, cccc
 * ```
 */
export const layered = (machine: Automaton, options: { horizon: number; eos: boolean }): LayeredAutomaton => {
  const horizon = checkHorizon(options.horizon);
  checkDepths(horizon);
  if (typeof options.eos !== "boolean") throw new TypeError(`"eos" must be true or false, got ${String(options.eos)}`);
  const { eos } = options;
  const depths = depthOfStates(machine);
  if (depths) return layeredByDepth(machine, depths, horizon, eos);
  const body = horizon > 1 ? bodyLayer(machine, eos) : undefined;
  const layers = new Array<ArcLayer>(horizon - 1).fill(body as ArcLayer);
  layers.push(lastLayer(machine, upTo(machine.states), eos));
  return spaceOfLayers({ tokens: machine.tokens, eos, start: machine.start, layers });
};

/** Every arc of the automaton, with an EOS arc after those of each accepting state. */
const bodyLayer = (machine: Automaton, eos: boolean): ArcLayer =>
  eos
    ? rowsOf(machine, upTo(machine.states), { eos, keep: () => true, place: (target) => target })
    : arcLayer(machine.offsets, machine.labels, machine.targets);

/** The arcs of some states that end a response at the last depth: EOS, or without it the last token. */
const lastLayer = (machine: Automaton, states: Int32Array, eos: boolean): ArcLayer =>
  rowsOf(machine, states, { eos, keep: (target) => !eos && machine.accepting[target] === 1, place: () => END });

/** Rows of some states: the arcs whose targets are kept, and EOS where it is allowed. */
const rowsOf = (
  machine: Automaton,
  states: Int32Array,
  options: { eos: boolean; keep: (target: number) => boolean; place: (target: number) => number },
): ArcLayer => {
  const offsets = new Int32Array(states.length + 1);
  const [actions, targets] = [intBuffer(), intBuffer()];
  for (let row = 0; row < states.length; row++) {
    const state = states[row] as number;
    for (let arc = machine.offsets[state] as number; arc < (machine.offsets[state + 1] as number); arc++) {
      const target = machine.targets[arc] as number;
      if (!options.keep(target)) continue;
      append(actions, machine.labels[arc] as number);
      append(targets, options.place(target));
    }
    if (options.eos && machine.accepting[state] === 1) {
      append(actions, machine.tokens.length);
      append(targets, END);
    }
    offsets[row + 1] = actions.length;
  }
  return arcLayer(offsets, contents(actions), contents(targets));
};

/** Depth of each state if every state can be reached, and each at one depth only; otherwise undefined. */
const depthOfStates = (machine: Automaton): Int32Array | undefined => {
  const depths = new Int32Array(machine.states).fill(-1);
  depths[machine.start] = 0;
  const queue = [machine.start];
  for (const state of queue) {
    const next = (depths[state] as number) + 1;
    for (let arc = machine.offsets[state] as number; arc < (machine.offsets[state + 1] as number); arc++) {
      const target = machine.targets[arc] as number;
      if (depths[target] === -1) {
        depths[target] = next;
        queue.push(target);
      } else if (depths[target] !== next) return undefined;
    }
  }
  return queue.length === machine.states ? depths : undefined;
};

const layeredByDepth = (machine: Automaton, depths: Int32Array, horizon: number, eos: boolean): LayeredAutomaton => {
  const rows = Array.from({ length: horizon }, () => intBuffer(4));
  const place = new Int32Array(machine.states);
  for (let state = 0; state < machine.states; state++) {
    const row = rows[depths[state] as number];
    if (row === undefined) continue;
    place[state] = row.length;
    append(row, state);
  }
  const layers = rows.map((row, depth) => {
    const states = contents(row);
    if (depth === horizon - 1) return lastLayer(machine, states, eos);
    return rowsOf(machine, states, { eos, keep: () => true, place: (target) => place[target] as number });
  });
  return spaceOfLayers({ tokens: machine.tokens, eos, start: 0, layers });
};
