import type { CallOptions, Potential } from "../potentials/potential.ts";

/**
 * Guesses of what is still to come, `Û(s)` in nats, by states of their own.
 *
 * @typeParam State the state of the potential that the guess is about
 * @typeParam Memo what the guess remembers of the tokens so far
 */
export interface ValueGuess<State, Memo> {
  /** What to call it. */
  readonly name: string;
  /** The memo before the response, and `Û(x)`. */
  start(state: State): { readonly memo: Memo; readonly value: number };
  /**
   * `Û(s⊕a)` of every token, `[vocabulary.size]`, in nats; what it says of ends and of tokens that the potential forbids is not
   * read. −∞ forbids: exact only where nothing allowed can follow.
   */
  next(
    states: readonly { readonly state: State; readonly memo: Memo }[],
    options?: CallOptions,
  ): Promise<readonly Float64Array[]>;
  /** The memo after a token. */
  advance(memo: Memo, token: number, next: State): Memo;
}

/** Where a response stands: for the potential, for the guess, and the guess there. */
export interface LookaheadState<State, Memo> {
  readonly state: State;
  readonly memo: Memo;
  /** `Û(s)`, in nats. */
  readonly value: number;
}

/**
 * The same potential with a value guess: rows `r(s,a) + Û(s⊕a) − Û(s)`, `Û = 0` after an end (theory §8).
 *
 * `φ` does not change, so weights stay right whatever the guess is; the better it is, the less they vary, and with
 * `Û = log E[exp φ | s]` of the model they are all 1.
 *
 * @param ends the vocabulary's
 * @throws RangeError where a guess is NaN or +∞, or not finite where the response already is
 */
export const lookAhead = <State, Memo>(
  potential: Potential<State>,
  ends: readonly number[],
  guess: ValueGuess<State, Memo>,
): Potential<LookaheadState<State, Memo>> => {
  // what the guess said of the tokens after a state, so that the state after one of them has the same value
  const said = new WeakMap<LookaheadState<State, Memo>, Float64Array>();
  const valuesAfter = async (states: readonly LookaheadState<State, Memo>[], options: CallOptions | undefined) => {
    const asked = [...new Set(states.filter((state) => !said.has(state)))];
    if (asked.length === 0) return;
    const rows = await guess.next(asked, options);
    for (const [index, state] of asked.entries()) {
      said.set(state, checkRow(rows[index], guess.name, ends));
    }
  };
  return {
    name: `${potential.name}, looking ahead by ${guess.name}`,
    hard: potential.hard,
    start: () => {
      const { state, value } = potential.start();
      const begun = guess.start(state);
      if (!Number.isFinite(begun.value))
        throw new RangeError(`${guess.name}: the value at the start is ${begun.value}`);
      return { state: { state, memo: begun.memo, value: begun.value }, value: value + begun.value };
    },
    rows: async (states, options) => {
      const [rows] = await Promise.all([
        potential.rows(
          states.map(({ state }) => state),
          options,
        ),
        valuesAfter(states, options),
      ]);
      return states.map((state, index) =>
        shaped(rows[index] as Float64Array, said.get(state) as Float64Array, state.value, ends),
      );
    },
    advance: (state, token) => {
      const value = said.get(state)?.[token];
      if (value === undefined) throw new Error(`${guess.name}: ask for the row of a state before going on from it`);
      const next = potential.advance(state.state, token);
      return { state: next, memo: guess.advance(state.memo, token, next), value };
    },
  };
};

/** `row + next − value`, and `row − value` at the ends. */
const shaped = (row: Float64Array, next: Float64Array, value: number, ends: readonly number[]): Float64Array => {
  const out = new Float64Array(row.length);
  for (let token = 0; token < row.length; token++) {
    const r = row[token] as number;
    out[token] = r === -Infinity ? r : r + (next[token] as number) - value;
  }
  for (const end of ends) out[end] = (row[end] as number) - value;
  return out;
};

const checkRow = (row: Float64Array | undefined, name: string, ends: readonly number[]): Float64Array => {
  if (row === undefined) throw new RangeError(`${name}: gave fewer rows of values than states were asked about`);
  for (let token = 0; token < row.length; token++) {
    const value = row[token] as number;
    if (value < Infinity || ends.includes(token)) continue;
    throw new RangeError(`${name}: the value after token ${token} is ${value}: it must be a finite number, or −∞`);
  }
  return row;
};
