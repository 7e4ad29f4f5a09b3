import { numpy as np } from "@jax-js/jax";
import type { Arrays, Step } from "../engine/engine.ts";
import { type Tensors, tensor } from "../engine/tensor.ts";

/** Sizes of the optimiser's steps. */
export interface AdamwOptions {
  /** Number of steps that the schedule spans, ≥ 1. */
  readonly steps: number;
  /** Largest learning rate, > 0 (default 1e-3). */
  readonly learningRate?: number;
  /** Steps over which the learning rate rises linearly from 0 (default 0). */
  readonly warmUp?: number;
  /** Largest norm of the whole gradient; a larger gradient is scaled down to it (default 1; `Infinity`: never). */
  readonly clip?: number;
  /** Share of a matrix that a step at learning rate 1 takes away (default 0); gains of norms are exempt. */
  readonly weightDecay?: number;
  /** Decay rates of the running means of the gradient and of its square (default 0.9 and 0.999). */
  readonly meanDecay?: number;
  readonly squareDecay?: number;
  /** Added to the root of the second mean (default 1e-8). */
  readonly epsilon?: number;
}

/** An optimiser as a step that an engine compiles. */
export interface Adamw {
  /** What it remembers before the first step: `adam.m.*`, `adam.v.*` and `adam.step`, all 0. */
  readonly start: Tensors;
  /**
   * From the parameters, what is remembered and `gradient.<name>` of each parameter: the same residents after one step, and
   * `learningRate [1]` and `gradientNorm [1]` (before clipping) of that step.
   */
  readonly update: Step;
  /** Shapes of the chunk that {@link Adamw.update} takes. */
  readonly gradient: Tensors;
}

/** The name under which the gradient of a parameter enters the update. */
export const gradientName = (parameter: string): string => `gradient.${parameter}`;

/**
 * Adam with decoupled weight decay, clipping by the global norm, and a learning rate that rises linearly and falls to 0 along
 * half a cosine: `rate(t) = peak · min(1, t/warmUp) · cos²(½π · max(0, t − 1 − warmUp)/(steps − warmUp))` at step `t = 1, 2, …`
 *
 * All of it is one traced step, so the weights never leave the engine. Source: Kingma and Ba, arXiv 1412.6980; Loshchilov
 * and Hutter, arXiv 1711.05101.
 *
 * @param parameters names and shapes of what is optimised; the numbers do not matter
 * @throws RangeError where an option is out of its range
 */
export const adamw = (parameters: Tensors, options: AdamwOptions): Adamw => {
  const settings = settingsOf(options);
  const names = Object.keys(parameters);
  const zeros = (prefix: string): Tensors =>
    Object.fromEntries(
      Object.entries(parameters).map(([name, { shape, data }]) => [
        `${prefix}${name}`,
        tensor(shape, new Float32Array(data.length)),
      ]),
    );
  return {
    start: { ...zeros("adam.m."), ...zeros("adam.v."), "adam.step": tensor([1], [0]) },
    gradient: zeros(gradientName("")),
    update: (resident, chunk) => {
      const step = (resident["adam.step"] as np.Array).add(1);
      const { norm, scale } = clipped(
        names.map((name) => (chunk[gradientName(name)] as np.Array).ref),
        settings.clip,
      );
      const learningRate = rateAt(step.ref, settings);
      const correction = {
        mean: learningRate.ref.div(decayedShare(step.ref, settings.meanDecay)),
        square: np.reciprocal(decayedShare(step.ref, settings.squareDecay)),
        decay: learningRate.ref.mul(settings.weightDecay),
      };
      const outputs: Arrays = { "adam.step": step, gradientNorm: norm };
      for (const name of names) {
        const gradient = (chunk[gradientName(name)] as np.Array).mul(scale.ref);
        Object.assign(outputs, updated(name, resident, gradient, correction, settings));
      }
      for (const array of [scale, ...Object.values(correction)]) array.dispose();
      return { ...outputs, learningRate };
    },
  };
};

type Settings = Required<AdamwOptions>;

const settingsOf = (options: AdamwOptions): Settings => {
  const settings = {
    learningRate: 1e-3,
    warmUp: 0,
    clip: 1,
    weightDecay: 0,
    meanDecay: 0.9,
    squareDecay: 0.999,
    epsilon: 1e-8,
    ...options,
  };
  const { steps, warmUp, meanDecay, squareDecay } = settings;
  check("steps", steps, Number.isSafeInteger(steps) && steps >= 1, "a whole number ≥ 1");
  check("warmUp", warmUp, Number.isSafeInteger(warmUp) && warmUp >= 0 && warmUp < steps, "a whole number < the steps");
  for (const name of ["learningRate", "epsilon"] as const) {
    check(name, settings[name], settings[name] > 0 && settings[name] < Infinity, "a finite number > 0");
  }
  check("clip", settings.clip, settings.clip > 0, "> 0");
  check("weightDecay", settings.weightDecay, settings.weightDecay >= 0 && settings.weightDecay < Infinity, "≥ 0");
  check("meanDecay", meanDecay, meanDecay >= 0 && meanDecay < 1, "≥ 0 and < 1");
  check("squareDecay", squareDecay, squareDecay >= 0 && squareDecay < 1, "≥ 0 and < 1");
  return settings;
};

const check = (name: string, value: number, holds: boolean, expected: string): void => {
  if (!holds) throw new RangeError(`"${name}" must be ${expected}, got ${value}`);
};

/** Norm `[1]` of all gradients together, and the factor `[1]` that brings it down to `clip`. */
const clipped = (gradients: readonly np.Array[], clip: number): { norm: np.Array; scale: np.Array } => {
  let squares = np.zeros([1]);
  for (const gradient of gradients) squares = squares.add(np.sum(np.square(gradient)));
  const norm = np.sqrt(squares);
  if (clip === Infinity) return { norm, scale: np.ones([1]) };
  // as PyTorch's clip_grad_norm_; NaN stays NaN, since it is not less than 1
  const factor = np.multiply(np.reciprocal(norm.ref.add(1e-6)), clip);
  return { norm, scale: np.where(np.greater(factor.ref, 1), 1, factor) };
};

/** Learning rate `[1]` at step `[1]`, counted from 1. */
const rateAt = (step: np.Array, { learningRate, warmUp, steps }: Settings): np.Array => {
  const past = step.ref.sub(1 + warmUp);
  const share = np.where(np.greater(past.ref, 0), past, 0).mul(1 / (steps - warmUp));
  const cosine = np.cos(share.mul(Math.PI / 2));
  const peak = np.square(cosine).mul(learningRate);
  if (warmUp === 0) {
    step.dispose();
    return peak;
  }
  const rise = step.mul(1 / warmUp);
  return peak.mul(np.where(np.less(rise.ref, 1), rise, 1));
};

/**
 * `1 − decay^t` `[1]` of step `t` `[1]`, as `−(e^x − 1)` with `x = t·log(decay)`.
 *
 * In float32 the plain difference loses four of seven digits at the first steps, where x is small: there a series is exact.
 */
const decayedShare = (step: np.Array, decay: number): np.Array => {
  if (decay === 0) return step.mul(0).add(1);
  const x = step.mul(Math.log(decay));
  let series = np.ones([1]);
  for (let k = SERIES; k >= 2; k--) series = series.mul(x.ref.mul(1 / k)).add(1);
  const near = np.greater(x.ref, -0.5);
  const small = np.negative(x.ref.mul(series));
  return np.where(near, small, np.negative(np.exp(x)).add(1));
};

/** Terms of the series: the next would change nothing in float32 at x = −½. */
const SERIES = 9;

/** The parameter and its means after one step. */
const updated = (
  name: string,
  resident: Arrays,
  gradient: np.Array,
  correction: { readonly mean: np.Array; readonly square: np.Array; readonly decay: np.Array },
  { meanDecay, squareDecay, epsilon, weightDecay }: Settings,
): Arrays => {
  const parameter = resident[name] as np.Array;
  const mean = (resident[`adam.m.${name}`] as np.Array).mul(meanDecay).add(gradient.ref.mul(1 - meanDecay));
  const square = (resident[`adam.v.${name}`] as np.Array)
    .mul(squareDecay)
    .add(np.square(gradient).mul(1 - squareDecay));
  const root = np.sqrt(square.ref.mul(correction.square.ref)).add(epsilon);
  const change = mean.ref.mul(correction.mean.ref).mul(np.reciprocal(root));
  const decays = weightDecay > 0 && parameter.shape.length > 1;
  const kept = decays ? parameter.ref.sub(parameter.mul(correction.decay.ref)) : parameter;
  return { [name]: kept.sub(change), [`adam.m.${name}`]: mean, [`adam.v.${name}`]: square };
};
