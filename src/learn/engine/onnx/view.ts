import { sizeOf } from "../tensor.ts";
import type { NumberKind } from "./expression.ts";

/** A factor of a logical axis: a dimension in memory, or −1 for a repetition that takes no memory. */
export interface Part {
  readonly size: number;
  readonly dimension: number;
}

/**
 * Where a value's numbers are: a node of the graph whose memory, in order, has the sizes `dimensions`, and for every logical axis
 * the parts that it is made of, outermost first. Transposes, broadcasts and most reshapes change the parts and move no number.
 */
export interface View {
  readonly node: string;
  readonly kind: NumberKind;
  readonly dimensions: readonly number[];
  readonly axes: readonly (readonly Part[])[];
}

export const axisSize = (parts: readonly Part[]): number => sizeOf(parts.map(({ size }) => size));

export const viewShape = (view: View): number[] => view.axes.map(axisSize);

/** The view of a node whose memory order is its logical order. */
export const plainView = (node: string, kind: NumberKind, shape: readonly number[]): View => {
  const dimensions = shape.filter((size) => size !== 1);
  let dimension = 0;
  return {
    node,
    kind,
    dimensions,
    axes: shape.map((size) => (size === 1 ? [] : [{ size, dimension: dimension++ }])),
  };
};

/** A view of the same numbers whose dimension `dimension` is written as several, outermost first. */
function splitDimension(view: View, dimension: number, sizes: readonly number[]): View {
  const shift = sizes.length - 1;
  const parts = (part: Part): Part[] => {
    if (part.dimension === dimension) {
      return sizes.map((size, index) => ({ size, dimension: dimension + index }));
    }
    return [part.dimension > dimension ? { ...part, dimension: part.dimension + shift } : part];
  };
  return {
    ...view,
    dimensions: [...view.dimensions.slice(0, dimension), ...sizes, ...view.dimensions.slice(dimension + 1)],
    axes: view.axes.map((axis) => axis.flatMap(parts)),
  };
}

/** A view whose part at `(axis, index)` is split in two, the inner one of size `inner`. */
function splitPart(view: View, axis: number, index: number, inner: number): View {
  const part = view.axes[axis]?.[index] as Part;
  const outer = part.size / inner;
  if (part.dimension >= 0) {
    return splitDimension(view, part.dimension, [outer, inner]);
  }
  const parts = [...(view.axes[axis] as Part[])];
  parts.splice(index, 1, { size: outer, dimension: -1 }, { size: inner, dimension: -1 });
  return { ...view, axes: view.axes.map((old, other) => (other === axis ? parts : old)) };
}

export const transposeView = (view: View, order: readonly number[]): View => ({
  ...view,
  axes: order.map((axis) => view.axes[axis] as readonly Part[]),
});

/** The view in a shape to which it broadcasts as in numpy: axes of size 1 repeat, missing ones are put in front. */
export function widenView(view: View, shape: readonly number[]): View {
  const missing = shape.length - view.axes.length;
  return {
    ...view,
    axes: shape.map((size, axis) => {
      const parts = view.axes[axis - missing] ?? [];
      return size !== 1 && axisSize(parts) === 1 ? [{ size, dimension: -1 }] : parts;
    }),
  };
}

/**
 * The view in another shape, moving no number, or undefined where that cannot be: a new axis would cut a part in a place
 * that does not divide it.
 */
export function reshapeView(view: View, shape: readonly number[]): View | undefined {
  let current: View = { ...view, axes: [view.axes.flat()] };
  const axes: Part[][] = [];
  let position = 0;
  for (const size of shape) {
    const parts: Part[] = [];
    let left = size;
    while (left > 1) {
      const part = current.axes[0]?.[position];
      if (part === undefined) {
        return;
      }
      if (left % part.size === 0) {
        parts.push(part);
        left /= part.size;
        position++;
      } else if (part.size % left === 0) {
        // The parts already given to axes keep their numbers of dimensions: they are rewritten below.
        current = splitPart(current, 0, position, part.size / left);
      } else {
        return;
      }
    }
    axes.push(parts);
  }
  // Splits renumber the dimensions, so the parts are read again from the flat list.
  let read = 0;
  const flat = current.axes[0] as readonly Part[];
  return { ...current, axes: axes.map((parts) => parts.map(() => flat[read++] as Part)) };
}

/** Products of a list's last elements, ascending: where its parts begin, counted from the right. */
function boundaries(parts: readonly Part[]): number[] {
  const result: number[] = [];
  let product = 1;
  for (let index = parts.length - 1; index >= 0; index--) {
    product *= (parts[index] as Part).size;
    result.push(product);
  }
  return result;
}

/** The view with an axis cut at all these boundaries (ascending, each dividing the next), or undefined. */
function cutAxis(view: View, axis: number, cuts: readonly number[]): View | undefined {
  let current = view;
  for (const cut of cuts) {
    let product = 1;
    const parts = current.axes[axis] as readonly Part[];
    for (let index = parts.length - 1; index >= 0 && product < cut; index--) {
      const { size } = parts[index] as Part;
      if (product * size > cut) {
        const inner = cut / product;
        if (!Number.isInteger(inner) || size % inner !== 0) {
          return;
        }
        current = splitPart(current, axis, index, inner);
        break;
      }
      product *= size;
    }
  }
  return current;
}

/**
 * Views of the same shape with their axes cut in the same places, part by part; undefined where two views cut an axis in
 * places that do not divide each other.
 */
export function alignViews(views: readonly View[]): View[] | undefined {
  const rank = views[0]?.axes.length ?? 0;
  let current = [...views];
  for (let axis = 0; axis < rank; axis++) {
    const cuts = [...new Set(current.flatMap((view) => boundaries(view.axes[axis] as readonly Part[])))].sort(
      (a, b) => a - b,
    );
    const next: View[] = [];
    for (const view of current) {
      const cut = cutAxis(view, axis, cuts);
      if (cut === undefined) {
        return;
      }
      next.push(cut);
    }
    current = next;
  }
  return current;
}
