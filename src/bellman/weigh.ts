/**
 * One term `p·x` of an expectation, from `p` and `log p`: 0 where `p = 0`, whatever `x` is; `±∞` where `x` is infinite and
 * `p > 0`, also when `p` is too small for a float64.
 */
export const weigh = (p: number, logP: number, x: number): number => {
  if (logP === -Infinity) return 0;
  return Number.isFinite(x) ? p * x : x;
};
