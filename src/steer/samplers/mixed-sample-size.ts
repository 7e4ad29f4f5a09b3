import { sumOf } from "./choose.ts";

/**
 * Effective sample size of a quantity along several chains, out of all its values.
 *
 * `mn/(1 + 2 Σ ρ_t)` with the autocorrelation `ρ_t = 1 − (W − mean_j γ_{j,t})/v`, `v = (n−1)/n·W + B/n`, from the variance `W` within and `B/n` between
 * chains, so that chains which have not met count for little; the sum stops before the first two that are negative together. Source:
 * Vehtari et al., arXiv 1903.08008, §3.2.
 *
 * @param chains values of each chain, all as long
 */
export const mixedSampleSize = (chains: readonly Float64Array[]): number => {
  const length = (chains[0] as Float64Array).length;
  const total = chains.length * length;
  if (length < 4) return chains.length;
  const means = chains.map((chain) => sumOf(chain) / length);
  const mean = means.reduce((sum, x) => sum + x, 0) / chains.length;
  const within = autocovariance(chains, means, 0) * (length / (length - 1));
  const between = chains.length > 1 ? means.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (chains.length - 1) : 0;
  const variance = ((length - 1) / length) * within + between;
  // no response differs from another: nothing tells how well the chains mix
  if (!(variance > 1e-12 * Math.max(1, mean * mean))) return chains.length;
  const correlation = (lag: number) => 1 - (within - autocovariance(chains, means, lag)) / variance;
  let time = 1;
  for (let lag = 1; lag + 1 < length; lag += 2) {
    const pair = correlation(lag) + correlation(lag + 1);
    if (pair < 0) break;
    time += 2 * pair;
  }
  return Math.min(total, total / time);
};

/** `mean_j Σ_i (x_i − x̄_j)(x_{i+lag} − x̄_j)/n`. */
const autocovariance = (chains: readonly Float64Array[], means: readonly number[], lag: number): number => {
  let sum = 0;
  for (const [j, chain] of chains.entries()) {
    const mean = means[j] as number;
    for (let i = 0; i + lag < chain.length; i++) {
      sum += ((chain[i] as number) - mean) * ((chain[i + lag] as number) - mean);
    }
  }
  return sum / chains.length / (chains[0] as Float64Array).length;
};
