import { type Automaton, complement, END, type Space, step } from "../../../space/index.ts";

/** An automaton with an arc for every token, and where it stands at each state of a space. */
export interface Followed {
  readonly machine: Automaton;
  /** The automaton's state at each state, one array `[states]` per depth; −1 where no response passes. */
  readonly states: readonly Int32Array[];
}

/** The automaton that accepts the same responses and never gets stuck. */
export const completed = (machine: Automaton): Automaton => complement(complement(machine));

/**
 * Follows a complete automaton along a space each of whose states determines the automaton's.
 *
 * Every prefix of a tree is a state of its own; an automaton's states must have been split by `restrict` first. Where all
 * depths but the last share one layer they share one array, as states then stand for the same pairs at every depth.
 */
export const follow = (space: Space, machine: Automaton): Followed => ({
  machine,
  states: isShared(space) ? sharedStates(space, machine) : statesByDepth(space, machine),
});

/** As `restrict` tells time-homogeneous spaces. */
const isShared = (space: Space): boolean => {
  if (space.kind === "tree" || space.horizon < 3) return false;
  const [body, last] = [space.layer(0), space.layer(space.horizon - 1)];
  if (body.states !== last.states) return false;
  for (let depth = 1; depth < space.horizon - 1; depth++) if (space.layer(depth) !== body) return false;
  return true;
};

const sharedStates = (space: Space, machine: Automaton): Int32Array[] => {
  const body = space.layer(0);
  const states = new Int32Array(body.states).fill(-1);
  states[space.start] = machine.start;
  const queue = [space.start];
  for (const state of queue) {
    const end = body.firstArc(state + 1);
    for (let arc = body.firstArc(state); arc < end; arc++) {
      const target = body.target(arc, state);
      if (target === END || states[target] !== -1) continue;
      states[target] = step(machine, states[state] as number, body.action(arc, state));
      queue.push(target);
    }
  }
  return new Array<Int32Array>(space.horizon).fill(states);
};

const statesByDepth = (space: Space, machine: Automaton): Int32Array[] => {
  const levels = Array.from({ length: space.horizon }, (_, depth) =>
    new Int32Array(space.layer(depth).states).fill(-1),
  );
  (levels[0] as Int32Array)[space.start] = machine.start;
  for (let depth = 0; depth + 1 < space.horizon; depth++) {
    const layer = space.layer(depth);
    const [here, next] = [levels[depth] as Int32Array, levels[depth + 1] as Int32Array];
    for (let state = 0; state < layer.states; state++) {
      const at = here[state] as number;
      if (at < 0) continue;
      const end = layer.firstArc(state + 1);
      for (let arc = layer.firstArc(state); arc < end; arc++) {
        const target = layer.target(arc, state);
        if (target !== END) next[target] = step(machine, at, layer.action(arc, state));
      }
    }
  }
  return levels;
};
