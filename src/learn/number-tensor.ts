/** A row-major array and its shape: float32 where an engine keeps it, float64 where this process does, int32 for ids. */
export interface NumberTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Int32Array;
}

/** Arrays by name: parameters, gradients, what an optimiser remembers. */
export type NumberTensors = Readonly<Record<string, NumberTensor>>;
