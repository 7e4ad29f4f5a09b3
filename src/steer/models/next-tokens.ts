import type { NextTokens } from "./language-model.ts";

/**
 * A whole distribution from logits: `log π = q − log Σ exp q`, in float64.
 *
 * @param logits in nats; −∞ forbids
 * @param source what errors call the model
 * @throws Error where a logit is NaN or +∞, or all are −∞: the model is broken
 */
export const distributionOf = (logits: ArrayLike<number>, source: string): NextTokens => {
  const row = new Float64Array(logits);
  let max = -Infinity;
  for (const logit of row) {
    if (!(logit < Infinity)) throw new Error(`${source}: gave the logit ${logit}: its file is damaged, or overflows`);
    if (logit > max) max = logit;
  }
  if (max === -Infinity) throw new Error(`${source}: gave every token probability 0`);
  let sum = 0;
  for (const logit of row) sum += Math.exp(logit - max);
  const logSum = max + Math.log(sum);
  for (let token = 0; token < row.length; token++) row[token] = (row[token] as number) - logSum;
  return { logProbabilities: row, missing: 0 };
};

/** The `top` likeliest tokens of a whole distribution, of equally likely ones the first; the others are missing. */
export const truncated = ({ logProbabilities }: NextTokens, top: number): NextTokens => {
  const order = Array.from(logProbabilities.keys()).sort(
    (a, b) => (logProbabilities[b] as number) - (logProbabilities[a] as number) || a - b,
  );
  const kept = new Float64Array(logProbabilities.length).fill(-Infinity);
  for (const token of order.slice(0, top)) kept[token] = logProbabilities[token] as number;
  const missing = order.slice(top).reduce((sum, token) => sum + Math.exp(logProbabilities[token] as number), 0);
  return { logProbabilities: kept, missing };
};
