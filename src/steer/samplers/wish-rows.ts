import type { Potential } from "../potentials/index.ts";
import type { Prefix } from "./prefix.ts";

/** The potential's rows after some prefixes. */
export const wishRows = async (
  potential: Potential,
  prefixes: readonly Prefix[],
  size: number,
  signal: AbortSignal | undefined,
): Promise<Float64Array[]> => {
  const rows = await potential.rows(
    prefixes.map(({ state }) => state),
    { signal },
  );
  if (rows.length === prefixes.length && rows.every(({ length }) => length === size)) return rows;
  const got = rows.length === prefixes.length ? `rows of ${rows.find((row) => row.length !== size)?.length}` : "";
  throw new RangeError(
    `the potential "${potential.name}" must give ${prefixes.length} rows of ${size} numbers, one for each token of the model, ` +
      `got ${got || `${rows.length} rows`}`,
  );
};

/** Single entries of the potential's rows: by themselves where it can, else from rows. */
export const wishEntries = async (
  potential: Potential,
  prefixes: readonly Prefix[],
  tokens: readonly number[],
  size: number,
  signal: AbortSignal | undefined,
): Promise<Float64Array> => {
  if (potential.at) {
    const states = prefixes.map(({ state }) => state);
    const entries = await potential.at(states, tokens, { signal });
    if (entries.length !== tokens.length) {
      throw new RangeError(
        `the potential "${potential.name}" must give one number for each of ${tokens.length} tokens, got ${entries.length}`,
      );
    }
    return checkedEntries(potential, entries, tokens);
  }
  const distinct = [...new Set(prefixes)];
  const rows = await wishRows(potential, distinct, size, signal);
  const rowOf = new Map(distinct.map((prefix, i) => [prefix, rows[i] as Float64Array]));
  const entries = Float64Array.from(tokens, (token, i) => rowOf.get(prefixes[i] as Prefix)?.[token] as number);
  return checkedEntries(potential, entries, tokens);
};

const checkedEntries = ({ name }: Potential, entries: Float64Array, tokens: readonly number[]): Float64Array => {
  const wrong = entries.findIndex((x) => !(x < Infinity));
  if (wrong < 0) return entries;
  throw new RangeError(
    `the potential "${name}" gave ${entries[wrong]} for token ${tokens[wrong]}: it must give a finite number, or −∞ to forbid`,
  );
};

/** The error for a row that holds what is no log-weight, or for a model's row that does. */
export const badRow = ({ name }: Potential, row: Float64Array, text: string): Error => {
  const token = row.findIndex((x) => !(x < Infinity));
  const what =
    token < 0
      ? `the model gave a number that is no probability after ${JSON.stringify(text)}`
      : `the potential "${name}" gave ${row[token]} for token ${token} after ${JSON.stringify(text)}: it must give a finite number, or −∞ to forbid`;
  return new RangeError(what);
};
