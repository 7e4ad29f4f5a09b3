/** Whole numbers in a typed array that grows. */
export interface IntBuffer {
  /** Holds the numbers in its first `length` places. */
  values: Int32Array;
  length: number;
}

/** An empty buffer. */
export const intBuffer = (capacity = 64): IntBuffer => ({ values: new Int32Array(capacity), length: 0 });

/** Adds a number at the end of a buffer. */
export const append = (buffer: IntBuffer, value: number): void => {
  if (buffer.length === buffer.values.length) grow(buffer);
  buffer.values[buffer.length++] = value;
};

const grow = (buffer: IntBuffer) => {
  const larger = new Int32Array(Math.max(64, 2 * buffer.values.length));
  larger.set(buffer.values);
  buffer.values = larger;
};

/** A copy of a buffer's numbers, of exactly their length. */
export const contents = (buffer: IntBuffer): Int32Array => buffer.values.slice(0, buffer.length);
