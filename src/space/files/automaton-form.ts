import type { Arc } from "../automata/automaton.ts";

/** How a space is written: an automaton without horizon, and where a table's numbers go. */
export interface AutomatonForm {
  readonly states: number;
  readonly start: number;
  /** How many states live at each depth, where a reader could not tell. */
  readonly depths?: readonly number[];
  readonly arcs: readonly Arc[];
  readonly accept: readonly number[];
  /** A number beside each arc and accepting state, where one holds for all depths. */
  oneForAll(levels: readonly Float64Array[]): Beside | undefined;
  /** The numbers of one depth: of the arcs, then of the accepting states, that it has. */
  perDepth(levels: readonly Float64Array[], depth: number): number[];
}

/** Numbers in the order of a form's arcs and accepting states. */
export interface Beside {
  readonly arcs: ArrayLike<number>;
  readonly ending: ArrayLike<number>;
}
