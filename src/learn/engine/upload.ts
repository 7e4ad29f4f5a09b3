import { numpy } from "@jax-js/jax";
import type { Tensor } from "./tensor.ts";

/** The tensor as an array of jax-js, which in 0.1.25 makes none of no numbers from data. */
export function upload({ shape, data }: Tensor): numpy.Array {
  const options = { dtype: data instanceof Int32Array ? numpy.int32 : numpy.float32 };
  return data.length === 0
    ? numpy.zeros([...shape], options)
    : numpy.array(data as Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>, { shape: [...shape], ...options });
}
