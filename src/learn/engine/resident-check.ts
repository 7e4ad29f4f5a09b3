import { sameShape, type Tensors } from "./tensor.ts";

/**
 * Refuses tensors that a resident does not hold in these shapes.
 *
 * @throws RangeError naming the tensor, the shape it should have and the one it has.
 */
export function residentCheck(shapes: Readonly<Record<string, readonly number[]>>, tensors: Tensors): void {
  for (const [name, { shape }] of Object.entries(tensors)) {
    const expected = shapes[name];
    if (expected === undefined) {
      throw new RangeError(`there is no resident tensor "${name}"; there are ${Object.keys(shapes).join(", ")}`);
    }
    if (!sameShape(expected, shape)) {
      throw new RangeError(`the resident tensor "${name}" has shape [${expected}], got [${shape}]`);
    }
  }
}
