import { align } from "./elementwise.ts";
import type { GraphBuilder } from "./graph.ts";
import { reorder } from "./materialize.ts";
import { type Part, type View, viewShape, widenView } from "./view.ts";

/** What a part of the operands is in a product of matrices. */
type Role = "batch" | "left" | "right" | "inner" | "repeat";

/** A part of both operands: its role, and the dimension that it is in each, or −1. */
interface RoledPart {
  readonly role: Role;
  readonly size: number;
  readonly left: number;
  readonly right: number;
}

/** Two aligned operands, and what their parts are, axis by axis; the last axis is the one summed over. */
export interface Operands {
  readonly left: View;
  readonly right: View;
  readonly roles: readonly (readonly RoledPart[])[];
}

const product = (sizes: readonly number[]): number => sizes.reduce((total, size) => total * size, 1);

function roleOf(left: number, right: number, last: boolean): Role {
  if (last) {
    return "inner";
  }
  if (left < 0) {
    return right < 0 ? "repeat" : "right";
  }
  return right < 0 ? "left" : "batch";
}

/** The operands with the roles of their parts. */
export const operandsOf = (left: View, right: View): Operands => ({
  left,
  right,
  roles: left.axes.map((axis, index) =>
    axis.map(({ size, dimension }, part) => {
      const other = ((right.axes[index] as readonly Part[])[part] as Part).dimension;
      return { role: roleOf(dimension, other, index === left.axes.length - 1), size, left: dimension, right: other };
    }),
  ),
});

const partsOf = ({ roles }: Operands, role: Role): RoledPart[] => roles.flat().filter((part) => part.role === role);

/** How many numbers the parts of a role span; 1 if there are none. */
export const volumeOf = (operands: Operands, role: Role): number =>
  product(partsOf(operands, role).map(({ size }) => size));

/** Whether two lists of dimensions are the same. */
const sameOrder = (x: readonly number[], y: readonly number[]): boolean =>
  x.every((value, index) => value === y[index]);

/** One operand in memory order [batch, outer, inner] or, transposed, [batch, inner, outer], moving as little as can be. */
function arrange(
  graph: GraphBuilder,
  view: View,
  batch: readonly number[],
  outer: readonly number[],
  inner: readonly number[],
): { node: string; transposed: boolean } {
  const straight = [...batch, ...outer, ...inner];
  const swapped = [...batch, ...inner, ...outer];
  const memory = [...straight].sort((x, y) => x - y);
  // Where numbers must move, whole rows do: what is last in memory stays last.
  const transposed = !sameOrder(memory, straight) && memory[memory.length - 1] === swapped[swapped.length - 1];
  return { node: reorder(graph, view, transposed ? swapped : straight).node, transposed };
}

/** The node of what is added to a product, if its numbers lie as the product's do. */
function addend(graph: GraphBuilder, view: View, result: View): string | undefined {
  const [a, b] = align(graph, [widenView(view, viewShape(result)), result]) as [View, View];
  const target = b.axes.flat();
  const matches =
    a.dimensions.length === b.dimensions.length &&
    a.axes.flat().every(({ dimension }, index) => dimension === target[index]?.dimension);
  return matches ? a.node : undefined;
}

/** Both operands laid out for one call, and the layout of its result. */
function layOut(graph: GraphBuilder, operands: Operands) {
  const { left, right, roles } = operands;
  const larger = product(left.dimensions) >= product(right.dimensions) ? "left" : "right";
  const ordered = (role: Role, side: "left" | "right") => partsOf(operands, role).sort((x, y) => x[side] - y[side]);
  const [batch, inner] = [ordered("batch", larger), ordered("inner", larger)];
  const [rows, columns] = [ordered("left", "left"), ordered("right", "right")];
  const on = (parts: readonly RoledPart[], side: "left" | "right") => parts.map((part) => part[side]);
  const dimensions = [...batch, ...rows, ...columns];
  const place = new Map(dimensions.map((part, index) => [part, index]));
  const result: View = {
    node: "",
    kind: "float32",
    dimensions: dimensions.map(({ size }) => size),
    axes: roles.slice(0, -1).map((axis) => axis.map((part) => ({ size: part.size, dimension: place.get(part) ?? -1 }))),
  };
  return {
    result,
    x: arrange(graph, left, on(batch, "left"), on(rows, "left"), on(inner, "left")),
    y: arrange(graph, right, on(batch, "right"), on(inner, "right"), on(columns, "right")),
  };
}

/** `scale · left · right (+ added)` by Gemm, or by a batched product where parts are in both operands and the result. */
export function matrixProduct(
  graph: GraphBuilder,
  operands: Operands,
  scale: number,
  added?: View,
): { view: View; addedIn: boolean } {
  const { x, y, result } = layOut(graph, operands);
  const [count, rows, columns, inner] = (["batch", "left", "right", "inner"] as const).map((role) =>
    volumeOf(operands, role),
  ) as [number, number, number, number];
  const batched = partsOf(operands, "batch").length > 0;
  const lead = batched ? [count] : [];
  const matrix = (transposed: boolean, outer: number, rest: number) =>
    transposed ? [...lead, rest, outer] : [...lead, outer, rest];
  const inputs = [
    graph.reshape(x.node, matrix(x.transposed, rows, inner)),
    graph.reshape(y.node, matrix(y.transposed, inner, columns)),
  ];
  const attributes = { transA: x.transposed ? 1 : 0, transB: y.transposed ? 1 : 0, alpha: { float: scale } };
  const shape = [...lead, rows, columns];
  if (batched) {
    const node = graph.node("FusedMatMul", inputs, shape, "float32", attributes, "com.microsoft");
    return { view: { ...result, node }, addedIn: false };
  }
  const third = added === undefined ? undefined : addend(graph, added, result);
  const all = third === undefined ? inputs : [...inputs, graph.reshape(third, shape)];
  return {
    view: { ...result, node: graph.node("Gemm", all, shape, "float32", attributes) },
    addedIn: third !== undefined,
  };
}
