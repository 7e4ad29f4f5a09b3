/** Shares of the largest bet that are mixed: from nearly all down to `2^−12`, which suits a million samples. */
const BETS = [0.97, ...Array.from({ length: 12 }, (_, i) => 2 ** -(i + 1))];

/** Factors multiplied before a logarithm is taken: each is below 2^100, or at least 0.03. */
const FACTORS = 8;

/**
 * A bound above the mean of independent samples that holds with probability `1 − α` for any number of them, whatever their law, as
 * long as none can be larger than a given number `b`.
 *
 * For the true mean `m`, `Σ_λ w_λ Π_i (1 + λ (m − x_i)/(b − m))` has expectation 1, so it is `1/α` or more with probability at most `α`
 * (Markov); the bound is the largest `m` for which it is not. Source: Waudby-Smith and Ramdas, *Estimating means of bounded random
 * variables by betting*, arXiv 2010.09686.
 *
 * @param samples `x`, finite
 * @param largest `b ≥ max x`; `+∞` gives `+∞`
 * @param error `α`, from 0 to 1
 */
export const upperMeanBound = (samples: Float64Array, largest: number, error: number): number => {
  if (largest === Infinity) return Infinity;
  const mean = samples.reduce((sum, x) => sum + x, 0) / samples.length;
  let [low, high] = [Math.min(mean, largest), largest];
  // the wealth rises with m: halving, 40 times, narrows the bound to 1e-12 of the span
  for (let i = 0; i < 40 && low < high; i++) {
    const middle = low + (high - low) / 2;
    if (logWealth(samples, largest, middle) < -Math.log(error)) low = middle;
    else high = middle;
  }
  return high;
};

/** A bound below the mean, as {@link upperMeanBound}, where no sample can be smaller than `smallest`. */
export const lowerMeanBound = (samples: Float64Array, smallest: number, error: number): number =>
  -upperMeanBound(
    samples.map((x) => -x),
    -smallest,
    error,
  );

const logWealth = (samples: Float64Array, largest: number, mean: number): number => {
  if (mean >= largest) return Infinity;
  const logs = BETS.map((bet) => logProduct(samples, mean, bet / (largest - mean)));
  const best = Math.max(...logs);
  return best + Math.log(logs.reduce((sum, x) => sum + Math.exp(x - best), 0) / logs.length);
};

/** `Σ_i log(1 + s (m − x_i))`. */
const logProduct = (samples: Float64Array, mean: number, stake: number): number => {
  let [sum, product] = [0, 1];
  for (let i = 0; i < samples.length; i++) {
    product *= 1 + stake * (mean - (samples[i] as number));
    if (i % FACTORS !== 0 && product < 1e200) continue;
    sum += Math.log(product);
    product = 1;
  }
  return sum + Math.log(product);
};
