import { jit, numpy as np, valueAndGrad } from "@jax-js/jax";
import { generator, uniform } from "../../../bellman/index.ts";
import type { Arrays } from "../../engine/engine.ts";
import { type Tensors, tensor } from "../../engine/tensor.ts";
import type { Weights } from "../../reference/transformer.ts";
import type { Architecture } from "../architecture.ts";
import type { Traced } from "../blocks.ts";
import { initialWeights } from "../initialise.ts";

/** Random weights whose gains are not 1, so that none is left out unseen. */
export const unevenWeights = (model: Architecture, seed: number): Tensors => {
  const random = generator(seed, 1);
  return Object.fromEntries(
    Object.entries(initialWeights(model, seed)).map(([name, { shape, data }]) => [
      name,
      tensor(shape, shape.length === 1 ? Float32Array.from(data, (x) => x + uniform(random) - 0.5) : data),
    ]),
  );
};

/** Numbers from −½ to ½. */
export const cotangents = (count: number, seed: number): Float32Array => {
  const random = generator(seed, 2);
  return Float32Array.from({ length: count }, () => uniform(random) - 0.5);
};

/** What a traced function gives for a chunk, compiled by jax-js, and the gradient of its product with a cotangent. */
export const runTraced = async (
  traced: (weights: Arrays, chunk: Arrays) => Traced,
  weights: Tensors,
  chunk: Tensors,
  cotangent: Float32Array,
): Promise<{ readonly value: Float32Array; readonly gradient: Tensors }> => {
  const put = (tensors: Tensors): Arrays =>
    Object.fromEntries(
      Object.entries(tensors).map(([name, { shape, data }]) => [
        name,
        np.array(data as Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>, { shape: [...shape] }),
      ]),
    );
  const loss = (parameters: Arrays, { cotangent: c, ...inputs }: Arrays) =>
    np.sum(
      traced(parameters, inputs)
        .reshape([-1])
        .mul(c as Traced),
    );
  const value = (await jit(traced)(put(weights), put(chunk)).data()) as Float32Array;
  const inputs = { ...chunk, cotangent: tensor([cotangent.length], cotangent) };
  const [total, arrays] = jit(valueAndGrad(loss))(put(weights), put(inputs));
  total.dispose();
  const gradient: Record<string, Tensors[string]> = {};
  for (const [name, array] of Object.entries(arrays as Arrays)) {
    const { shape } = array;
    gradient[name] = tensor(shape, (await array.data()) as Float32Array);
  }
  return { value, gradient };
};

/** Largest absolute difference. */
export const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let largest = 0;
  for (let i = 0; i < b.length; i++) largest = Math.max(largest, Math.abs((a[i] as number) - (b[i] as number)));
  return a.length === b.length ? largest : Number.NaN;
};

/** Relative distance `‖g − h‖ / ‖h‖` of gradients, all parameters together. */
export const relativeDistance = (gradient: Tensors, expected: Weights): number => {
  let [difference, size] = [0, 0];
  for (const [name, numbers] of Object.entries(expected)) {
    const data = gradient[name]?.data;
    numbers.forEach((x, i) => {
      difference += ((data?.[i] ?? Number.NaN) - x) ** 2;
      size += x ** 2;
    });
  }
  return Math.sqrt(difference / size);
};
