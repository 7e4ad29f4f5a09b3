import { align, elementwise } from "./elementwise.ts";
import type { GraphBuilder } from "./graph.ts";
import { reorder } from "./materialize.ts";
import { reduceParts } from "./reduction.ts";
import { type Part, type View, viewShape, widenView } from "./view.ts";

/** What a part of the operands is in a product of matrices. */
type Role = "batch" | "left" | "right" | "inner" | "repeat";

interface RoledPart {
  readonly role: Role;
  readonly size: number;
  readonly left: number;
  readonly right: number;
}

const product = (sizes: readonly number[]): number => sizes.reduce((total, size) => total * size, 1);

/** The parts of two aligned views with their roles, axis by axis; the last axis is the one summed over. */
function rolesOf(a: View, b: View): RoledPart[][] {
  return a.axes.map((axis, axisIndex) =>
    axis.map(({ size, dimension: left }, index) => {
      const right = ((b.axes[axisIndex] as readonly Part[])[index] as Part).dimension;
      const last = axisIndex === a.axes.length - 1;
      const role: Role = last
        ? "inner"
        : left >= 0 && right >= 0
          ? "batch"
          : left >= 0
            ? "left"
            : right >= 0
              ? "right"
              : "repeat";
      return { role, size, left, right };
    }),
  );
}

const byMemory = (dimensions: readonly number[]): number[] => [...dimensions].sort((x, y) => x - y);

/** Whether two lists of dimensions are the same. */
const sameOrder = (x: readonly number[], y: readonly number[]): boolean =>
  x.every((value, index) => value === y[index]);

/** One operand in memory order [batch, outer, inner] or [batch, inner, outer], moving as little as can be. */
function operand(
  graph: GraphBuilder,
  view: View,
  batch: readonly number[],
  outer: readonly number[],
  inner: readonly number[],
): { node: string; transposed: boolean } {
  const straight = [...batch, ...outer, ...inner];
  const swapped = [...batch, ...inner, ...outer];
  const memory = byMemory(straight);
  // Where numbers must move, whole rows do: what is last in memory stays last.
  const transposed = !sameOrder(memory, straight) && memory[memory.length - 1] === swapped[swapped.length - 1];
  return { node: reorder(graph, view, transposed ? swapped : straight).node, transposed };
}

/** Added to a product: the numbers of a view laid out as the product is, where they are. */
function addend(graph: GraphBuilder, view: View, result: View): string | undefined {
  const [a, b] = align(graph, [widenView(view, viewShape(result)), result]) as [View, View];
  const own = a.axes.flat();
  const target = b.axes.flat();
  const matches =
    a.dimensions.length === b.dimensions.length &&
    own.every(({ dimension }, index) => dimension === target[index]?.dimension);
  return matches ? a.node : undefined;
}

/**
 * Batches of products with up to this many multiplications each are multiplied number by number and summed, which costs about half a
 * nanosecond a multiplication; a call of the matrix product costs over 200.
 */
const TINY_PRODUCT = 1024;

/**
 * `scale · Σ_last a·b (+ added)`: as matrix products where there is something to sum over.
 *
 * The operand with more rows gives the columns of the result: of a layer's output that makes features the outer and rows the inner dimension
 * of memory, so that whatever repeats over features or is summed over them runs along contiguous rows.
 */
export function contract(
  graph: GraphBuilder,
  left: View,
  right: View,
  shape: readonly number[],
  scale: number,
  added?: View,
): { view: View; addedIn: boolean } {
  const [wideA, wideB] = align(graph, [widenView(left, shape), widenView(right, shape)]) as [View, View];
  let factor = scale;
  const lonely = (own: View, other: View) => (axis: number, index: number) => {
    const last = axis === own.axes.length - 1;
    const mine = own.axes[axis]?.[index] as Part;
    const theirs = other.axes[axis]?.[index] as Part;
    return last && (mine.dimension < 0 || theirs.dimension < 0);
  };
  // What only one operand has of the axis summed over is summed before the product; what neither has is a factor.
  for (const part of (wideA.axes[wideA.axes.length - 1] ?? []).map((mine, index) => ({
    mine,
    theirs: wideB.axes[wideB.axes.length - 1]?.[index] as Part,
  }))) {
    factor *= part.mine.dimension < 0 && part.theirs.dimension < 0 ? part.mine.size : 1;
  }
  const a = reduceParts(graph, "ReduceSum", wideA, lonely(wideA, wideB)).view;
  const b = reduceParts(graph, "ReduceSum", wideB, lonely(wideB, wideA)).view;
  const roles = rolesOf(a, b);
  const parts = roles.flat();
  const of = (role: Role) => parts.filter((part) => part.role === role);
  const outShape = shape.slice(0, -1);
  const withoutLast = (view: View): View => ({ ...view, axes: view.axes.slice(0, -1) });
  const scaled = (view: View): View =>
    factor === 1
      ? view
      : elementwise(
          graph,
          "Mul",
          [view, { node: graph.constant("float32", [], [factor]), kind: "float32", dimensions: [], axes: [] }],
          outShape,
          "float32",
        );
  if (of("inner").length === 0) {
    const view = elementwise(graph, "Mul", [withoutLast(a), withoutLast(b)], outShape, "float32");
    return { view: scaled(view), addedIn: false };
  }
  const volumeOf = (role: Role) => product(of(role).map(({ size }) => size));
  const each = volumeOf("left") * volumeOf("right") * volumeOf("inner");
  if (of("batch").length > 0 && ((of("left").length === 0 && of("right").length === 0) || each <= TINY_PRODUCT)) {
    const whole = [...outShape, product(of("inner").map(({ size }) => size))];
    const multiplied = elementwise(graph, "Mul", [a, b], whole, "float32");
    const { view } = reduceParts(graph, "ReduceSum", multiplied, (axis) => axis === whole.length - 1);
    return { view: scaled(withoutLast(view)), addedIn: false };
  }
  if (volumeOf("left") > volumeOf("right")) {
    return contract(graph, right, left, shape, scale, added);
  }
  const larger = product(a.dimensions) >= product(b.dimensions) ? "left" : "right";
  const ordered = (list: readonly RoledPart[], side: "left" | "right") => [...list].sort((x, y) => x[side] - y[side]);
  const batch = ordered(of("batch"), larger);
  const inner = ordered(of("inner"), larger);
  const outerA = ordered(of("left"), "left");
  const outerB = ordered(of("right"), "right");
  const sideOf = (list: readonly RoledPart[], side: "left" | "right") => list.map((part) => part[side]);
  const x = operand(graph, a, sideOf(batch, "left"), sideOf(outerA, "left"), sideOf(inner, "left"));
  const y = operand(graph, b, sideOf(batch, "right"), sideOf(inner, "right"), sideOf(outerB, "right"));
  const sizes = (list: readonly RoledPart[]) => product(list.map(({ size }) => size));
  const [count, rows, columns, depth] = [sizes(batch), sizes(outerA), sizes(outerB), sizes(inner)];
  const dimensions = [...batch, ...outerA, ...outerB];
  const place = new Map(dimensions.map((part, index) => [part, index]));
  const result: View = {
    node: "",
    kind: "float32",
    dimensions: dimensions.map(({ size }) => size),
    axes: roles.slice(0, -1).map((axis) => axis.map((part) => ({ size: part.size, dimension: place.get(part) ?? -1 }))),
  };
  const matrix = (transposed: boolean, outer: number, rest: number) => (transposed ? [rest, outer] : [outer, rest]);
  if (batch.length === 0) {
    const third = added === undefined ? undefined : addend(graph, added, result);
    const inputs = [
      graph.reshape(x.node, matrix(x.transposed, rows, depth)),
      graph.reshape(y.node, matrix(y.transposed, depth, columns)),
    ];
    if (third !== undefined) {
      inputs.push(graph.reshape(third, [rows, columns]));
    }
    const node = graph.node("Gemm", inputs, [rows, columns], "float32", {
      transA: x.transposed ? 1 : 0,
      transB: y.transposed ? 1 : 0,
      alpha: { float: factor },
    });
    return { view: { ...result, node }, addedIn: third !== undefined };
  }
  const node = graph.node(
    "FusedMatMul",
    [
      graph.reshape(x.node, [count, ...matrix(x.transposed, rows, depth)]),
      graph.reshape(y.node, [count, ...matrix(y.transposed, depth, columns)]),
    ],
    [count, rows, columns],
    "float32",
    { transA: x.transposed ? 1 : 0, transB: y.transposed ? 1 : 0, alpha: { float: factor } },
    "com.microsoft",
  );
  return { view: { ...result, node }, addedIn: false };
}
