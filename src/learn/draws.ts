import { type RandomGenerator, uniform } from "../bellman/index.ts";

/** A standard normal number (Box and Muller). */
export const normal = (random: RandomGenerator): number => {
  const radius = Math.sqrt(-2 * Math.log(uniform(random)));
  return radius * Math.cos(2 * Math.PI * uniform(random));
};

/**
 * Logarithm of a gamma number of shape `α > 0` and scale 1 (Marsaglia and Tsang, 2000).
 *
 * As a logarithm because small shapes give numbers below the least float: `Γ(α) = Γ(α+1) · U^{1/α}`.
 */
export const logGamma = (random: RandomGenerator, shape: number): number => {
  if (shape < 1) return logGamma(random, shape + 1) + Math.log(uniform(random)) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(random);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(uniform(random)) < (x * x) / 2 + d - d * v + d * Math.log(v)) return Math.log(d * v);
  }
};

/** The whole numbers `0 … count − 1` in random order (Fisher and Yates). */
export const shuffled = (random: RandomGenerator, count: number): Int32Array => {
  const order = Int32Array.from({ length: count }, (_, index) => index);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(uniform(random) * (i + 1));
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
};
