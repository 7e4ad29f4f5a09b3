/** The upper tail of positive weights as a generalised Pareto distribution. */
export interface ParetoTail {
  /**
   * Shape `k̂`: the tail has finite moments of orders below `1/k̂`. −∞ where the largest weights are all equal, `+∞` where there are
   * too few to tell.
   */
  readonly shape: number;
  /**
   * Logarithm of the mean weight that the fit expects beyond the largest of `count`; `+∞` from `k̂ = 1` on, −∞ where the
   * largest weights are all equal.
   */
  readonly logBeyond: number;
}

/** Fewest weights that a tail is fitted to. */
const FEWEST = 5;

/** Largest weights that differ by less than this, relatively, are equal. */
const EQUAL = 1e-9;

/**
 * Fits the largest `min(n/5, 3√n)` weights, as Pareto-smoothed importance sampling does.
 *
 * The exceedances `x` over the next smaller weight have density `(1 + k x/σ)^{−1/k − 1}/σ`; `k` and `σ` are the posterior means of
 * Zhang and Stephens (2009), `k` drawn towards ½ by ten samples' worth. Source: Vehtari, Simpson, Gelman, Yao and Gabry,
 * *Pareto smoothed importance sampling*, arXiv 1507.02646.
 *
 * @param logWeights logarithms of the weights, ascending, `[count]`, −∞ allowed
 */
export const paretoTail = (logWeights: Float64Array): ParetoTail => {
  const count = logWeights.length;
  const largest = logWeights[count - 1] as number;
  const wanted = Math.floor(Math.min(count / 5, 3 * Math.sqrt(count)));
  const weight = (i: number) => Math.exp((logWeights[i] as number) - largest);
  if (largest === -Infinity || 1 - weight(0) < EQUAL) return { shape: -Infinity, logBeyond: -Infinity };
  if (wanted < FEWEST) return { shape: Infinity, logBeyond: Infinity };
  const first = firstOfTail(logWeights, wanted);
  if (first === 0) return { shape: -Infinity, logBeyond: -Infinity };
  const threshold = weight(first - 1);
  const exceedances = Float64Array.from({ length: count - first }, (_, i) => weight(first + i) - threshold);
  const { shape, scale } = fitPareto(exceedances);
  if (shape >= 1) return { shape, logBeyond: Infinity };
  const power = (count - first) ** shape;
  const quantile = shape === 0 ? scale * Math.log(count - first) : (scale / shape) * (power - 1);
  const beyond = threshold + quantile + (scale * power) / (1 - shape);
  return { shape, logBeyond: largest + Math.max(0, Math.log(beyond)) };
};

/**
 * Index of the least weight of the tail: strictly above the one before, `wanted` weights or fewer, but not fewer than can be fitted;
 * 0 where there is no such place.
 */
const firstOfTail = (logWeights: Float64Array, wanted: number): number => {
  const count = logWeights.length;
  const jumps = (i: number) => (logWeights[i - 1] as number) < (logWeights[i] as number) - EQUAL;
  for (let i = count - wanted; i <= count - FEWEST; i++) if (jumps(i)) return i;
  for (let i = count - wanted - 1; i > 0; i--) if (jumps(i)) return i;
  return 0;
};

/** Shape and scale of positive exceedances, ascending. */
const fitPareto = (x: Float64Array): { shape: number; scale: number } => {
  const count = x.length;
  const grid = 30 + Math.floor(Math.sqrt(count));
  const [quartile, largest] = [x[Math.floor(count / 4 + 0.5) - 1] as number, x[count - 1] as number];
  const slopes = Array.from(
    { length: grid },
    (_, i) => 1 / largest + (1 - Math.sqrt(grid / (i + 0.5))) / (3 * quartile),
  );
  const mean = x.reduce((sum, excess) => sum + excess, 0) / count;
  const shapeOf = (slope: number) => x.reduce((sum, excess) => sum + Math.log1p(-slope * excess), 0) / count;
  const logLikelihoods = slopes.map((slope) => {
    const shape = shapeOf(slope);
    // at slope 0 the distribution is exponential
    const logScale = Math.abs(slope * largest) < 1e-12 ? Math.log(mean) : Math.log(-shape / slope);
    return count * (-logScale - shape - 1);
  });
  const best = Math.max(...logLikelihoods);
  const posterior = logLikelihoods.map((logLikelihood) => Math.exp(logLikelihood - best));
  const total = posterior.reduce((sum, p) => sum + p, 0);
  const slope = slopes.reduce((sum, s, i) => sum + (s * (posterior[i] as number)) / total, 0);
  const shape = shapeOf(slope);
  return {
    shape: (count * shape + 5) / (count + 10),
    scale: Math.abs(slope * largest) < 1e-12 ? mean : -shape / slope,
  };
};
