import type { NumberTensors } from "../../number-tensor.ts";

/** Refuses a saved state whose names, shapes or kinds of numbers are not those of the student. */
export const checkState = (expected: NumberTensors, saved: NumberTensors): void => {
  for (const [name, { shape, data }] of Object.entries(expected)) {
    const found = saved[name];
    if (!found) throw new RangeError(`the saved state lacks "${name}": it is of another run`);
    if (found.shape.join() !== shape.join() || found.data.constructor !== data.constructor) {
      throw new RangeError(
        `"${name}" of the saved state is ${found.data.constructor.name} of shape [${found.shape}], ` +
          `this run's is ${data.constructor.name} of shape [${shape}]: it is of another run`,
      );
    }
  }
};
