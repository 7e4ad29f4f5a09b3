import type { CallOptions, Potential } from "./potential.ts";

/**
 * All of some potentials at once: log-weights add, `φ = Σ φ_i`, and so do rows and value guesses.
 *
 * Constraints are better joined by `allOf`, which notices what cannot go together; the rows of a product may each
 * allow what their sum cannot finish.
 *
 * @throws RangeError where there are none
 */
export const productOf = (potentials: readonly Potential[]): Potential<readonly unknown[]> => {
  if (potentials.length === 0) throw new RangeError(`"potentials" must hold at least one potential`);
  return {
    name: potentials.map(({ name }) => name).join(" · "),
    hard: potentials.every(({ hard }) => hard),
    start: () => {
      const starts = potentials.map((potential) => potential.start());
      return { state: starts.map(({ state }) => state), value: starts.reduce((sum, { value }) => sum + value, 0) };
    },
    rows: async (states, options) => {
      const columns = await Promise.all(
        potentials.map((potential, index) =>
          potential.rows(
            states.map((state) => state[index]),
            options,
          ),
        ),
      );
      return states.map((_, place) => sumOf(columns.map((rows) => rows[place] as Float64Array)));
    },
    at: async (states, tokens, options) => {
      const columns = await Promise.all(
        potentials.map((potential, index) =>
          entries(
            potential,
            states.map((state) => state[index]),
            tokens,
            options,
          ),
        ),
      );
      return Float64Array.from(states, (_, place) =>
        columns.reduce((sum, column) => sum + (column[place] as number), 0),
      );
    },
    advance: (state, token) => potentials.map((potential, index) => potential.advance(state[index], token)),
  };
};

const sumOf = (rows: readonly Float64Array[]): Float64Array => {
  const [first, ...others] = rows as [Float64Array, ...Float64Array[]];
  if (others.length === 0) return first;
  const out = first.slice();
  for (const row of others)
    for (let token = 0; token < out.length; token++) out[token] = (out[token] as number) + (row[token] as number);
  return out;
};

/** Entries of rows, by the cheaper way where there is one. */
const entries = async (
  potential: Potential,
  states: readonly unknown[],
  tokens: readonly number[],
  options: CallOptions | undefined,
): Promise<Float64Array> => {
  if (potential.at) return potential.at(states, tokens, options);
  const rows = await potential.rows(states, options);
  return Float64Array.from(tokens, (token, index) => (rows[index] as Float64Array)[token] as number);
};
