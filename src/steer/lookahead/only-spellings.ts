import type { ConstraintPotential, ConstraintState } from "../potentials/constrain.ts";
import type { Potential } from "../potentials/potential.ts";
import type { SpellingFilter } from "./spelling-tree.ts";

/** Where a response stands, with its tokens. */
interface SpelledState {
  readonly state: ConstraintState;
  readonly tokens: readonly number[];
}

/** A constraint that allows some spellings of its texts only. */
export const onlySpellings = (
  potential: ConstraintPotential,
  ends: readonly number[],
  filter: SpellingFilter,
): Potential<SpelledState> => ({
  name: `${potential.name}, in canonical spelling`,
  hard: true,
  start: () => ({ state: { state: potential.start().state, tokens: [] }, value: 0 }),
  rows: async (states, options) => {
    const rows = await potential.rows(
      states.map(({ state }) => state),
      options,
    );
    return states.map(({ tokens }, index) => {
      const row = rows[index] as Float64Array;
      const { next, ends: mayEnd } = filter(tokens);
      const out = new Float64Array(row.length).fill(-Infinity);
      for (const token of next) out[token] = row[token] as number;
      if (mayEnd) for (const end of ends) out[end] = row[end] as number;
      return out;
    });
  },
  advance: ({ state, tokens }, token) => ({ state: potential.advance(state, token), tokens: [...tokens, token] }),
});
