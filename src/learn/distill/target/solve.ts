/** Share of the trace by which a Hessian is lifted: above float64 rounding of its entries, below what changes a step. */
const LIFT = 1e-13;

/** Solves `(H + lift)·x = b` for a positive semidefinite `H`, `[n × n]`, by Cholesky factors. */
export const solve = (hessian: Float64Array, b: Float64Array): Float64Array => {
  const n = b.length;
  let trace = 0;
  for (let k = 0; k < n; k++) trace += hessian[k * n + k] as number;
  const lift = LIFT * trace + Number.MIN_VALUE * 2 ** 60;
  const factor = new Float64Array(n * n);
  const x = Float64Array.from(b);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = (hessian[i * n + j] as number) + (i === j ? lift : 0);
      for (let k = 0; k < j; k++) sum -= (factor[i * n + k] as number) * (factor[j * n + k] as number);
      factor[i * n + j] = i === j ? Math.sqrt(Math.max(sum, lift)) : sum / (factor[j * n + j] as number);
    }
  }
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i] = (x[i] as number) - (factor[i * n + k] as number) * (x[k] as number);
    x[i] = (x[i] as number) / (factor[i * n + i] as number);
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i] = (x[i] as number) - (factor[k * n + i] as number) * (x[k] as number);
    x[i] = (x[i] as number) / (factor[i * n + i] as number);
  }
  return x;
};
