/** A row-major array on the host: numbers as float32, token ids and indices as int32. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

/** Tensors by name. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** Number of elements of a shape; 1 for a scalar's empty shape. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, axis) => product * axis, 1);

/** Whether two shapes are the same. */
export const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis]);

/**
 * A tensor of this shape; plain numbers become float32.
 *
 * @throws RangeError if the number of elements is not the shape's.
 */
export const tensor = (shape: readonly number[], data: Float32Array | Int32Array | readonly number[]): Tensor => {
  if (data.length !== sizeOf(shape)) {
    throw new RangeError(`a tensor of shape [${shape}] has ${sizeOf(shape)} elements, got ${data.length}`);
  }
  return {
    shape: [...shape],
    data: data instanceof Float32Array || data instanceof Int32Array ? data : Float32Array.from(data),
  };
};
