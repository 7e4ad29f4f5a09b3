import { align, elementwise } from "./elementwise.ts";
import type { GraphBuilder } from "./graph.ts";
import { matrixProduct, type Operands, operandsOf, volumeOf } from "./matrix-product.ts";
import { reduceParts } from "./reduction.ts";
import { axisSize, type Part, plainView, type View, widenView } from "./view.ts";

/**
 * Batches of products with up to this many multiplications each are multiplied number by number and summed, which costs about
 * half a nanosecond a multiplication; a call of the matrix product costs over 200.
 */
const TINY_PRODUCT = 1024;

/** `Σ_last a·b`, in the parts that both operands have, with the factor by which it is still to be multiplied. */
interface Contraction {
  readonly operands: Operands;
  readonly factor: number;
}

const lastAxis = (view: View): readonly Part[] => view.axes[view.axes.length - 1] as readonly Part[];

/** What only one operand has of the last axis is summed before the product; what repeats in both is a factor. */
function sumLonely(graph: GraphBuilder, a: View, b: View, scale: number): Contraction {
  const repeats = (view: View, index: number) => (lastAxis(view)[index] as Part).dimension < 0;
  const lonely = (view: View) => (axis: number, index: number) =>
    axis === view.axes.length - 1 && (repeats(a, index) || repeats(b, index));
  const factor = lastAxis(a).reduce(
    (total, { size }, index) => total * (repeats(a, index) && repeats(b, index) ? size : 1),
    scale,
  );
  const [left, right] = [a, b].map((view) => reduceParts(graph, "ReduceSum", view, lonely(view)).view) as [View, View];
  return { operands: operandsOf(left, right), factor };
}

const withoutLast = (view: View): View => ({ ...view, axes: view.axes.slice(0, -1) });

/** The product number by number, summed over the last axis. */
function byNumbers(graph: GraphBuilder, { operands, factor }: Contraction, shape: readonly number[]): View {
  const { left, right } = operands;
  const inner = axisSize(lastAxis(left));
  let view: View;
  if (inner === 1) {
    view = elementwise(graph, "Mul", [withoutLast(left), withoutLast(right)], shape, "float32");
  } else {
    const multiplied = elementwise(graph, "Mul", [left, right], [...shape, inner], "float32", {}, "", shape.length);
    view = withoutLast(reduceParts(graph, "ReduceSum", multiplied, (axis) => axis === shape.length).view);
  }
  if (factor === 1) {
    return view;
  }
  const scale = plainView(graph.constant("float32", [], [factor]), "float32", []);
  return elementwise(graph, "Mul", [view, scale], shape, "float32");
}

/** Whether multiplying number by number is faster than calling a matrix product. */
function isTiny(operands: Operands): boolean {
  const [batch, left, right, inner] = (["batch", "left", "right", "inner"] as const).map((role) =>
    volumeOf(operands, role),
  ) as [number, number, number, number];
  return inner === 1 || (batch > 1 && (left * right === 1 || left * right * inner <= TINY_PRODUCT));
}

/**
 * `scale · Σ_last a·b (+ added)`, of operands that broadcast to `shape`.
 *
 * The operand with more rows gives the columns of the result: of a layer's output that makes features the outer and rows the inner
 * dimension of memory, so that whatever repeats over features or is summed over them runs along contiguous rows. Where both have as
 * many, the left one is taken for the rows, unless more is summed than stays: then it is the gradient of a square matrix, which may lie as it is written.
 */
export function contract(
  graph: GraphBuilder,
  left: View,
  right: View,
  shape: readonly number[],
  scale: number,
  added?: View,
): { view: View; addedIn: boolean } {
  const [a, b] = align(graph, [widenView(left, shape), widenView(right, shape)]) as [View, View];
  const contraction = sumLonely(graph, a, b, scale);
  const { operands, factor } = contraction;
  if (isTiny(operands)) {
    return { view: byNumbers(graph, contraction, shape.slice(0, -1)), addedIn: false };
  }
  const [rows, columns, inner] = (["left", "right", "inner"] as const).map((role) => volumeOf(operands, role)) as [
    number,
    number,
    number,
  ];
  const turn = rows > columns || (rows === columns && inner <= rows);
  const turned = turn ? operandsOf(operands.right, operands.left) : operands;
  return matrixProduct(graph, turned, factor, added);
}
