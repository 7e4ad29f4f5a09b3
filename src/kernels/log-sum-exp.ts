/** `log Σ exp x` over `x[begin] … x[end − 1]`; −∞ where all are −∞ or the range is empty, and NaN stays visible. */
export const logSumExpRange = (x: Float64Array, begin: number, end: number): number => {
  let max = -Infinity;
  for (let i = begin; i < end; i++) max = Math.max(max, x[i] as number);
  if (!Number.isFinite(max)) return max;
  let sum = 0;
  for (let i = begin; i < end; i++) sum += Math.exp((x[i] as number) - max);
  return max + Math.log(sum);
};

/** `log Σ exp x` of all numbers of `x`. */
export const logSumExp = (x: Float64Array): number => logSumExpRange(x, 0, x.length);
