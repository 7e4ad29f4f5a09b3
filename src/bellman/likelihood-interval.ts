import { tiltTowards } from "./likelihood-region.ts";
import type { Functional } from "./residual-functionals.ts";
import { momentsOf, type ResidualSample } from "./residual-sample.ts";

/** Steps after which the search for an end stops; a few are enough. */
const STEPS = 40;

/**
 * Values of a functional over the likelihood region around a sample: all distributions of `Δ` on what was seen, and on one value
 * that was not, with `Σ_j n_j log(n_j / (n P_j)) ≤ τ` (Owen, *Empirical likelihood*, 2001).
 *
 * Each end is climbed to by the best distribution of the linearised functional, on a line search. Unlike `± z` standard errors the
 * region leans with the skewness of the weights.
 *
 * @param options.threshold `τ`, in nats; `z²/2` for an asymptotic interval of `z` standard errors
 * @param options.unseen a value above those seen, in nats, that the upper end allows for; −∞ for none
 */
export const likelihoodInterval = (
  sample: ResidualSample,
  functional: Functional,
  options: { readonly threshold: number; readonly unseen: number },
): readonly [lower: number, upper: number] => [
  extreme(sample, functional, { ...options, unseen: -Infinity, sign: -1 }),
  options.unseen === Infinity ? Infinity : extreme(sample, functional, { ...options, sign: 1 }),
];

const extreme = (
  sample: ResidualSample,
  functional: Functional,
  options: { readonly threshold: number; readonly unseen: number; readonly sign: 1 | -1 },
): number => {
  const { threshold, unseen, sign } = options;
  const { counts, total, values: seen } = sample;
  const values = Float64Array.of(...seen, unseen);
  const gains = new Float64Array(seen.length);
  const there = new Float64Array(values.length);
  const valueAt = (probabilities: Float64Array) => sign * functional.value(momentsOf(values, probabilities));
  let here: Float64Array = values.map((_, j) => (j < seen.length ? (counts[j] as number) / total : 0));
  const start = valueAt(here);
  let best = start;
  for (let step = 0; step < STEPS; step++) {
    const moments = momentsOf(values, here);
    for (let j = 0; j < seen.length; j++) gains[j] = sign * functional.influence(seen[j] as number, moments);
    const beyond = unseen === -Infinity ? unseen : sign * functional.influence(unseen, moments);
    tiltTowards({ counts, total }, gains, beyond, threshold, there);
    const next = bestBetween(here, there, best, valueAt);
    if (!next) break;
    const gained = next.value - best;
    [here, best] = [next.probabilities, next.value];
    if (gained < 1e-4 * (best - start)) break;
  }
  return sign * best;
};

/** The first point of a walk from `there` back to `here`, halving the way, at which the value is above `least`. */
const bestBetween = (
  here: Float64Array,
  there: Float64Array,
  least: number,
  valueAt: (probabilities: Float64Array) => number,
): { readonly probabilities: Float64Array; readonly value: number } | undefined => {
  for (let share = 1; share > 1e-3; share /= 2) {
    const probabilities = here.map((p, j) => p + share * ((there[j] as number) - p));
    const value = valueAt(probabilities);
    if (value > least) return { probabilities, value };
  }
  return undefined;
};
