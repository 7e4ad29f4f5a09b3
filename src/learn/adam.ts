/** Learning rate at a step; the first step is 0. */
export type Schedule = (step: number) => number;

/** The same learning rate at every step. */
export const constantRate =
  (rate: number): Schedule =>
  () =>
    rate;

/**
 * A learning rate that falls from `peak` to 0 along half a cosine: `peak · (1 + cos(π·step/steps)) / 2`.
 *
 * Ending at 0 matters for exact risks: Adam's steps have the size of the learning rate however small the gradient, so
 * at a constant rate it circles the minimum instead of reaching it.
 */
export const cosineRate =
  (peak: number, steps: number): Schedule =>
  (step) =>
    (peak * (1 + Math.cos((Math.PI * Math.min(step, steps)) / steps))) / 2;

/** What Adam remembers between steps; plain arrays, so that a checkpoint can hold them. */
export interface AdamState {
  /** Steps made so far. */
  step: number;
  /** Running mean of the gradient, `[size]`. */
  readonly mean: Float64Array;
  /** Running mean of the squared gradient, `[size]`. */
  readonly square: Float64Array;
}

/** Adam over a flat array of parameters. */
export interface Adam {
  /** The state before the first step. */
  start(size: number): AdamState;
  /** Makes one step: changes `parameters` and `state` in place. */
  update(state: AdamState, parameters: Float64Array, gradient: Float64Array): void;
}

/**
 * The Adam optimiser in float64, with bias correction (Kingma and Ba, arXiv 1412.6980).
 *
 * A parameter whose gradient is always 0 stays as it is, −∞ included.
 *
 * @param schedule learning rate of every step
 * @param options decay rates of the running means, and what is added to the root of the second
 * (default 0.9, 0.999, 1e-8)
 * @throws RangeError where a decay rate is outside `[0, 1)` or `epsilon` is not > 0
 * @example
 * ```ts
 * import { adam, cosineRate } from "arbel/learn";
 * const optimiser = adam(cosineRate(0.1, 500));
 * const parameters = Float64Array.of(3);
 * const state = optimiser.start(1);
 * for (let step = 0; step < 500; step++) optimiser.update(state, parameters, Float64Array.of(2 * parameters[0]!));
 * console.log(Math.abs(parameters[0]!) < 1e-6); // true: the minimum of x²
 * ```
 */
export const adam = (
  schedule: Schedule,
  options: { readonly meanDecay?: number; readonly squareDecay?: number; readonly epsilon?: number } = {},
): Adam => {
  const { meanDecay = 0.9, squareDecay = 0.999, epsilon = 1e-8 } = options;
  checkDecay("meanDecay", meanDecay);
  checkDecay("squareDecay", squareDecay);
  if (!(epsilon > 0)) throw new RangeError(`"epsilon" must be > 0, got ${epsilon}`);
  return {
    start: (size) => ({ step: 0, mean: new Float64Array(size), square: new Float64Array(size) }),
    update: (state, parameters, gradient) => {
      const rate = schedule(state.step);
      state.step++;
      const { mean, square } = state;
      // both bias corrections folded into two scalars, so that the loop has one root and one division
      const scale = rate / (1 - meanDecay ** state.step);
      const correction = 1 / (1 - squareDecay ** state.step);
      for (let i = 0; i < parameters.length; i++) {
        const g = gradient[i] as number;
        const m = meanDecay * (mean[i] as number) + (1 - meanDecay) * g;
        const v = squareDecay * (square[i] as number) + (1 - squareDecay) * g * g;
        mean[i] = m;
        square[i] = v;
        parameters[i] = (parameters[i] as number) - (scale * m) / (Math.sqrt(v * correction) + epsilon);
      }
    },
  };
};

const checkDecay = (name: string, value: number) => {
  if (!(value >= 0 && value < 1)) throw new RangeError(`"${name}" must be ≥ 0 and < 1, got ${value}`);
};
