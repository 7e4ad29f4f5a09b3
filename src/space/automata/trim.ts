import { arcsInto, sourcesOf } from "./arcs-into.ts";
import type { Automaton } from "./automaton.ts";
import { append, intBuffer } from "./int-buffer.ts";

/**
 * An automaton without the states that no sequence reaches or that cannot finish, accepting the same sequences.
 *
 * States keep their order. The start is kept even where nothing is accepted.
 *
 * @example
 * ```ts
 * import { automaton, trim } from "arbel";
 * // state 1 is a dead end, state 2 is never reached
 * const machine = automaton({ tokens: ["a"], states: 3, start: 0, arcs: [[0, 0, 1], [2, 0, 0]], accept: [0] });
 * console.log(trim(machine).states); // 1
 * ```
 */
export const trim = (machine: Automaton): Automaton => {
  const reached = reachedStates(machine);
  const finishing = finishingStates(machine);
  const place = new Int32Array(machine.states).fill(-1);
  let states = 0;
  for (let state = 0; state < machine.states; state++) {
    if (state === machine.start || (reached[state] && finishing[state])) place[state] = states++;
  }
  return states === machine.states ? machine : keepStates(machine, place, states);
};

/** The automaton on the states with a place ≥ 0, renumbered by it; arcs into other states are dropped. */
const keepStates = (machine: Automaton, place: Int32Array, states: number): Automaton => {
  const offsets = new Int32Array(states + 1);
  const [labels, targets] = [new Int32Array(machine.labels.length), new Int32Array(machine.labels.length)];
  const accepting = new Uint8Array(states);
  let arcs = 0;
  for (let state = 0; state < machine.states; state++) {
    const row = place[state] as number;
    if (row < 0) continue;
    accepting[row] = machine.accepting[state] as number;
    for (let arc = machine.offsets[state] as number; arc < (machine.offsets[state + 1] as number); arc++) {
      const target = place[machine.targets[arc] as number] as number;
      if (target < 0) continue;
      labels[arcs] = machine.labels[arc] as number;
      targets[arcs++] = target;
    }
    offsets[row + 1] = arcs;
  }
  const start = place[machine.start] as number;
  return {
    tokens: machine.tokens,
    states,
    start,
    offsets,
    labels: labels.slice(0, arcs),
    targets: targets.slice(0, arcs),
    accepting,
  };
};

/** Whether an automaton accepts nothing at all. */
export const isEmpty = (machine: Automaton): boolean => {
  const reached = reachedStates(machine);
  return !machine.accepting.some((accepts, state) => accepts === 1 && reached[state] === 1);
};

/** 1 for each state that some sequence reaches. */
const reachedStates = (machine: Automaton): Uint8Array => {
  const reached = new Uint8Array(machine.states);
  reached[machine.start] = 1;
  const queue = intBuffer();
  append(queue, machine.start);
  for (let head = 0; head < queue.length; head++) {
    const state = queue.values[head] as number;
    for (let arc = machine.offsets[state] as number; arc < (machine.offsets[state + 1] as number); arc++) {
      const target = machine.targets[arc] as number;
      if (reached[target]) continue;
      reached[target] = 1;
      append(queue, target);
    }
  }
  return reached;
};

/** 1 for each state from which an accepting state can be reached. */
const finishingStates = (machine: Automaton): Uint8Array => {
  const finishing = machine.accepting.slice();
  const { offsets, arcs } = arcsInto(machine);
  const sources = sourcesOf(machine);
  const queue = intBuffer();
  for (let state = 0; state < machine.states; state++) if (finishing[state]) append(queue, state);
  for (let head = 0; head < queue.length; head++) {
    const state = queue.values[head] as number;
    for (let place = offsets[state] as number; place < (offsets[state + 1] as number); place++) {
      const source = sources[arcs[place] as number] as number;
      if (finishing[source]) continue;
      finishing[source] = 1;
      append(queue, source);
    }
  }
  return finishing;
};
