import type { NextTokens } from "../models/index.ts";
import { exponential } from "./exponential.ts";

/** What can come after a prefix, weighed by the wish. */
export interface Expansion {
  /** What the model says. */
  readonly row: NextTokens;
  /** `π(a|s)·exp(row_a)` of the tokens that may follow, up to a common factor, `[vocabulary]`. */
  readonly weights: Float64Array;
  /** Their sum. */
  readonly total: number;
  /** `log w = log Σ_a π(a|s)·exp(row_a)`, in nats: the incremental weight (theory §8); −∞ at a dead end. */
  readonly logWeight: number;
}

/**
 * Weighs the next tokens of a prefix.
 *
 * @param values the wish's row, `r(s,a) + Û(s⊕a) − Û(s)`, `[vocabulary]`
 * @param allowed the tokens that may follow
 * @param weights where the weights go, `[vocabulary]`: zeros; no input
 * @returns nothing where a number is NaN or +∞
 */
export const expansionOf = (
  row: NextTokens,
  values: Float64Array,
  allowed: Int32Array,
  weights = new Float64Array(values.length),
): Expansion | undefined => {
  const total = weigh(row.logProbabilities, values, allowed, 0, weights);
  if (total > LEAST && total < Infinity) return { row, weights, total, logWeight: Math.log(total) };
  if (Number.isNaN(total)) return;
  // too small or too large a sum for its factor: another one
  let max = -Infinity;
  for (const token of allowed) {
    max = Math.max(max, (row.logProbabilities[token] as number) + (values[token] as number));
  }
  if (!(max < Infinity)) return;
  if (max === -Infinity) return { row, weights, total: 0, logWeight: max };
  const again = weigh(row.logProbabilities, values, allowed, max, weights);
  return { row, weights, total: again, logWeight: max + Math.log(again) };
};

/** A sum below this may lack weights that are rounded to 0. */
const LEAST = 1e-200;

/** Writes `exp(log π + value − shift)` of the tokens that may follow, and gives the sum. */
const weigh = (
  logProbabilities: Float64Array,
  values: Float64Array,
  allowed: Int32Array,
  shift: number,
  out: Float64Array,
): number => {
  let total = 0;
  for (let i = 0; i < allowed.length; i++) {
    const token = allowed[i] as number;
    const logWeight = (logProbabilities[token] as number) + (values[token] as number);
    // most tokens of a constraint are forbidden, and their exponentials need not be taken
    if (logWeight === -Infinity) continue;
    const weight = exponential(logWeight - shift);
    out[token] = weight;
    total += weight;
  }
  return total;
};
