import type { Moments } from "./residual-sample.ts";

/** A quantity of the distribution of `Δ` that certificates estimate (theory §6.4). */
export interface Functional {
  /** Its value, in nats. */
  value(moments: Moments): number;
  /** First-order effect of a sample with residual `x`: of mean 0. */
  influence(x: number, moments: Moments): number;
}

/** `log E e^Δ`. */
export const logMeanWeight: Functional = {
  value: ({ logMean }) => logMean,
  influence: (x, { logMean }) => Math.expm1(x - logMean),
};

/** `KL(student‖target) = log E e^Δ − E Δ`. */
export const klFromStudent: Functional = {
  value: ({ logMean, mean }) => logMean - mean,
  influence: (x, { logMean, mean }) => Math.expm1(x - logMean) - (x - mean),
};

/** `KL(target‖student) = E[e^Δ Δ]/E e^Δ − log E e^Δ`. */
export const klFromTarget: Functional = {
  value: ({ logMean, tilted }) => tilted - logMean,
  influence: (x, { logMean, tilted }) => {
    const weight = Math.exp(x - logMean);
    return (weight === 0 ? 0 : weight * (x - tilted)) - Math.expm1(x - logMean);
  },
};
