import type { Arc, Automaton } from "../automata/automaton.ts";
import { type ArcLayer, arcLayer, type LayeredAutomaton, spaceOfLayers } from "../layered.ts";
import { END } from "../space.ts";
import type { Head } from "./head.ts";
import { InputError } from "./input-error.ts";
import { listOf, wholeOf } from "./json-value.ts";
import type { Rows } from "./spread.ts";

/**
 * The field `depths`: how many states live at each depth, where the states are numbered depth by depth. Without EOS one
 * more entry counts the states where responses arrive.
 *
 * @returns the first state of each depth, and the number of states
 */
export const readDepths = (value: unknown, head: Head, machine: Automaton, source: string): Int32Array => {
  const count = head.horizon + (head.eos ? 0 : 1);
  const what = head.eos ? "numbers of states, one per depth" : "numbers of states, one per depth and one for the end";
  const list = listOf(value, `"depths"`, source, count, what);
  const first = new Int32Array(count + 1);
  for (const [depth, states] of list.entries()) {
    const whole = wholeOf(states, `depths[${depth}]`, source, 0, machine.states);
    first[depth + 1] = Math.min((first[depth] as number) + whole, machine.states + 1);
  }
  if (first[count] !== machine.states) {
    throw new InputError(`${source}: "depths" must add up to the ${machine.states} states: correct one of them`);
  }
  if (machine.start >= (first[1] as number)) {
    throw new InputError(`${source}: "start" is ${machine.start}, not a state of depth 0: correct it or depths[0]`);
  }
  return first;
};

/** The rows of a space whose states are numbered depth by depth. */
export const rowsAt = (first: Int32Array, horizon: number): Rows =>
  Array.from({ length: horizon }, (_, depth) => {
    const base = first[depth] as number;
    return Int32Array.from({ length: (first[depth + 1] as number) - base }, (_, row) => base + row);
  });

/**
 * The space of an automaton whose states are numbered depth by depth.
 *
 * @param first the first state of each depth, and the number of states
 * @throws InputError where an arc does not lead from a depth to the next
 */
export const layeredAt = (
  machine: Automaton,
  first: Int32Array,
  head: Head,
  arcs: readonly Arc[],
  source: string,
): LayeredAutomaton => {
  checkArcs(machine, first, head, arcs, source);
  const layers = Array.from({ length: head.horizon }, (_, depth) => layerAt(machine, first, head, depth));
  return spaceOfLayers({ tokens: machine.tokens, eos: head.eos, start: machine.start, layers });
};

const checkArcs = (machine: Automaton, first: Int32Array, head: Head, arcs: readonly Arc[], source: string) => {
  const depthOf = new Int32Array(machine.states);
  for (let depth = 0; depth + 1 < first.length; depth++) depthOf.fill(depth, first[depth], first[depth + 1]);
  for (const [index, [from, , to]] of arcs.entries()) {
    const [here, there] = [depthOf[from] as number, depthOf[to] as number];
    if (here === head.horizon - 1 && head.eos) {
      throw new InputError(`${source}: arcs[${index}] leaves the last depth, where only EOS is allowed: remove it`);
    }
    if (there !== here + 1) {
      throw new InputError(
        `${source}: arcs[${index}] leads from depth ${here} to depth ${there}: lead it to the next depth, or remove "depths"`,
      );
    }
  }
};

const layerAt = (machine: Automaton, first: Int32Array, { horizon, eos }: Head, depth: number): ArcLayer => {
  const [begin, end] = [first[depth] as number, first[depth + 1] as number];
  const offsets = new Int32Array(end - begin + 1);
  const actions: number[] = [];
  const targets: number[] = [];
  const add = (action: number, target: number) => {
    actions.push(action);
    targets.push(target);
  };
  const last = depth === horizon - 1;
  for (let state = begin; state < end; state++) {
    for (let arc = machine.offsets[state] as number; arc < (machine.offsets[state + 1] as number); arc++) {
      const target = machine.targets[arc] as number;
      if (!last) add(machine.labels[arc] as number, target - end);
      else if (machine.accepting[target] === 1) add(machine.labels[arc] as number, END);
    }
    if (eos && machine.accepting[state] === 1) add(machine.tokens.length, END);
    offsets[state - begin + 1] = actions.length;
  }
  return arcLayer(offsets, Int32Array.from(actions), Int32Array.from(targets));
};
