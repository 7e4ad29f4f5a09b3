import type { CallOptions, CompletePotential, ResponseText } from "../potentials/index.ts";
import { type Prefix, tokensOf } from "./prefix.ts";

/** What programs say of texts, one number each. */
type Score = (responses: readonly ResponseText[], options: CallOptions) => Promise<Float64Array>;

/** What potentials of whole responses say. */
export interface Scorer {
  /** `φ` of whole responses, in nats, summed over the potentials. */
  readonly whole: (prefixes: readonly Prefix[]) => Promise<readonly number[]>;
  /** Their guesses from responses that are not finished, in nats, summed; 0 where there are none. */
  readonly partial: (prefixes: readonly Prefix[]) => Promise<readonly number[]>;
}

/**
 * Asks potentials of whole responses, about each response once.
 *
 * @throws RangeError where a potential gives NaN, +∞, or too few or too many numbers
 */
export const scorerOf = (
  potentials: readonly CompletePotential[],
  textOf: (prefix: Prefix) => string,
  signal: AbortSignal | undefined,
): Scorer => ({
  whole: summed(
    potentials.map(({ name, score }) => checked(name, score)),
    textOf,
    signal,
  ),
  partial: summed(
    potentials.flatMap(({ name, partial }) => (partial ? [checked(`${name}, partial`, partial)] : [])),
    textOf,
    signal,
  ),
});

const summed = (
  scores: readonly Score[],
  textOf: (prefix: Prefix) => string,
  signal: AbortSignal | undefined,
): Scorer["whole"] => {
  const known = new WeakMap<Prefix, number>();
  return async (prefixes) => {
    if (scores.length === 0) return prefixes.map(() => 0);
    const fresh = [...new Set(prefixes.filter((prefix) => !known.has(prefix)))];
    if (fresh.length > 0) {
      const responses = fresh.map((prefix) => ({ tokens: tokensOf(prefix), text: textOf(prefix) }));
      const all = await Promise.all(scores.map((score) => score(responses, { signal })));
      for (const [i, prefix] of fresh.entries()) {
        known.set(
          prefix,
          all.reduce((sum, values) => sum + (values[i] as number), 0),
        );
      }
    }
    return prefixes.map((prefix) => known.get(prefix) as number);
  };
};

const checked =
  (name: string, score: Score): Score =>
  async (responses, options) => {
    const values = await score(responses, options);
    if (values.length !== responses.length) {
      throw new RangeError(
        `the potential "${name}" must give one number for each of ${responses.length} responses, got ${values.length}`,
      );
    }
    const wrong = values.findIndex((x) => !(x < Infinity));
    if (wrong < 0) return values;
    throw new RangeError(
      `the potential "${name}" gave ${values[wrong]} for ${JSON.stringify(responses[wrong]?.text)}: it must give a finite number, or −∞ to forbid`,
    );
  };
