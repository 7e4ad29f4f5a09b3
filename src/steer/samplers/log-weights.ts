/** `log Σ e^x`; −∞ of none. */
export const logSum = (logWeights: Iterable<number>): number => {
  const all = [...logWeights];
  let max = -Infinity;
  for (const x of all) if (x > max) max = x;
  if (max === -Infinity) return max;
  let sum = 0;
  for (const x of all) sum += Math.exp(x - max);
  return max + Math.log(sum);
};

/** `log (Σ e^x / n)`. */
export const logMean = (logWeights: readonly number[]): number => logSum(logWeights) - Math.log(logWeights.length);

/** `(Σ w)² / Σ w²` of weights `w = e^x`; 0 where all are 0. */
export const effectiveSampleSize = (logWeights: readonly number[]): number => {
  const once = logSum(logWeights);
  return once === -Infinity ? 0 : Math.exp(2 * once - logSum(logWeights.map((x) => 2 * x)));
};
