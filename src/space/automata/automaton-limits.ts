/** Most states of an automaton that a construction may make. */
const STATES_LIMIT = 2 ** 22;

/** Most arcs of an automaton that a construction may make: 256 MiB of labels and targets. */
const ARCS_LIMIT = 2 ** 25;

/**
 * Refuses an automaton that grows too large.
 *
 * @throws RangeError with the states and arcs reached, the limit and what to do instead
 */
export const checkAutomatonSize = (what: string, states: number, arcs: number, repair: string): void => {
  if (states > STATES_LIMIT) {
    throw new RangeError(`${what} needs at least ${states} states, the limit is ${STATES_LIMIT}: ${repair}`);
  }
  if (arcs > ARCS_LIMIT) {
    throw new RangeError(`${what} needs at least ${arcs} arcs, the limit is ${ARCS_LIMIT}: ${repair}`);
  }
};
