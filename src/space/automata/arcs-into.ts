import type { Automaton } from "./automaton.ts";

/** The arcs that lead into each state, in compressed rows. */
export interface ArcsInto {
  /** `[states + 1]` */
  readonly offsets: Int32Array;
  /** Arcs of the automaton, ascending within a row, `[arcs]`. */
  readonly arcs: Int32Array;
}

/** The arcs of an automaton by the state they lead to. */
export const arcsInto = (machine: Automaton): ArcsInto => {
  const offsets = new Int32Array(machine.states + 1);
  for (const target of machine.targets) offsets[target + 1] = (offsets[target + 1] as number) + 1;
  for (let state = 0; state < machine.states; state++) {
    offsets[state + 1] = (offsets[state] as number) + (offsets[state + 1] as number);
  }
  const next = offsets.slice(0, machine.states);
  const arcs = new Int32Array(machine.targets.length);
  for (let arc = 0; arc < arcs.length; arc++) {
    const target = machine.targets[arc] as number;
    arcs[next[target] as number] = arc;
    next[target] = (next[target] as number) + 1;
  }
  return { offsets, arcs };
};

/** The state that each arc leaves, `[arcs]`. */
export const sourcesOf = (machine: Automaton): Int32Array => {
  const sources = new Int32Array(machine.labels.length);
  for (let state = 0; state < machine.states; state++) {
    sources.fill(state, machine.offsets[state] as number, machine.offsets[state + 1] as number);
  }
  return sources;
};
