import { sizeOf } from "../tensor.ts";
import { elementwise } from "./elementwise.ts";
import { broadcastShape } from "./expression.ts";
import type { GraphBuilder } from "./graph.ts";
import { materialize } from "./materialize.ts";
import { plainView, reshapeView, transposeView, type View, viewShape, widenView } from "./view.ts";

/** jax-js's parameters of `gather` and `scatter`: the axes that are indexed, and where the indices' axes go. */
interface IndexedAxes {
  readonly axis: readonly number[];
  readonly outDim: number;
  readonly op?: string;
}

/** Up to this many rows a scatter is a product with a one-hot matrix; beyond, rows are added one by one. */
const ONE_HOT_ROWS = 128;

/** The indices as one number into the indexed axes, in the shape to which they broadcast. */
function flatIndex(graph: GraphBuilder, indices: readonly View[], sizes: readonly number[]): View {
  const shape = indices.map(viewShape).reduce(broadcastShape);
  let total: View | undefined;
  indices.forEach((index, position) => {
    const stride = sizeOf(sizes.slice(position + 1));
    const wide = widenView(index, shape);
    const scaled =
      stride === 1
        ? wide
        : elementwise(
            graph,
            "Mul",
            [wide, plainView(graph.constant("int32", [], [stride]), "int32", [])],
            shape,
            "int32",
          );
    total = total === undefined ? scaled : elementwise(graph, "Add", [total, scaled], shape, "int32");
  });
  return total as View;
}

/** Axes of the operand in order: the indexed ones first. */
const indexedFirst = (rank: number, axis: readonly number[]): number[] => [
  ...axis,
  ...Array.from({ length: rank }, (_, each) => each).filter((each) => !axis.includes(each)),
];

/** For a result `[index axes, other axes]`: the order that puts the index axes at `outDim`. */
function indexAxesAt(indexRank: number, otherRank: number, outDim: number): number[] {
  const others = Array.from({ length: otherRank }, (_, each) => indexRank + each);
  return [...others.slice(0, outDim), ...Array.from({ length: indexRank }, (_, each) => each), ...others.slice(outDim)];
}

const inverse = (order: readonly number[]): number[] => order.map((_, axis) => order.indexOf(axis));

/** `x[…, indices, …]`. */
export function gather(graph: GraphBuilder, [x, ...indices]: readonly View[], { axis, outDim }: IndexedAxes): View {
  const operand = x as View;
  const shape = viewShape(operand);
  const sizes = axis.map((each) => shape[each] as number);
  const others = shape.filter((_, each) => !axis.includes(each));
  const rows = materialize(graph, transposeView(operand, indexedFirst(shape.length, axis)));
  const index = flatIndex(graph, indices, sizes);
  const indexShape = viewShape(index);
  const count = sizeOf(indexShape);
  const width = sizeOf(others);
  const node = graph.node(
    "Gather",
    [graph.reshape(rows, [sizeOf(sizes), width]), graph.reshape(materialize(graph, index), [count])],
    [count, width],
    operand.kind,
    { axis: 0 },
  );
  const all = [...indexShape, ...others];
  const view = plainView(graph.reshape(node, all), operand.kind, all);
  return transposeView(view, indexAxesAt(indexShape.length, others.length, outDim));
}

/** Zeros of this shape, with the updates added at the indices: what the gradient of `gather` needs. */
export function scatter(
  graph: GraphBuilder,
  [x, ...indices]: readonly View[],
  shape: readonly number[],
  { axis, outDim, op }: IndexedAxes,
): View {
  if (op !== "add") {
    throw new RangeError(`the primitive "scatter" with "${op}" cannot be lowered to ONNX; use the engine "jax"`);
  }
  const updates = x as View;
  const sizes = axis.map((each) => shape[each] as number);
  const others = shape.filter((_, each) => !axis.includes(each));
  const index = flatIndex(graph, indices, sizes);
  const indexShape = viewShape(index);
  const [rows, count, width] = [sizeOf(sizes), sizeOf(indexShape), sizeOf(others)];
  const order = inverse(indexAxesAt(indexShape.length, others.length, outDim));
  const values = graph.reshape(materialize(graph, transposeView(updates, order)), [count, width]);
  const places = graph.reshape(materialize(graph, index), [count]);
  const node =
    rows <= ONE_HOT_ROWS
      ? addByProduct(graph, places, values, rows, count, width)
      : addByRow(graph, places, values, rows, count, width);
  const view = reshapeView(plainView(node, updates.kind, [rows, width]), [...sizes, ...others]) as View;
  return transposeView(view, inverse(indexedFirst(shape.length, axis)));
}

function addByProduct(
  graph: GraphBuilder,
  places: string,
  values: string,
  rows: number,
  count: number,
  width: number,
): string {
  const ids = graph.constant(
    "int32",
    [1, rows],
    Int32Array.from({ length: rows }, (_, row) => row),
  );
  const hit = graph.node("Equal", [graph.reshape(places, [count, 1]), ids], [count, rows], "bool");
  const oneHot = graph.node("Cast", [hit], [count, rows], "float32", { to: 1 });
  return graph.node("Gemm", [oneHot, values], [rows, width], "float32", { transA: 1 });
}

function addByRow(
  graph: GraphBuilder,
  places: string,
  values: string,
  rows: number,
  count: number,
  width: number,
): string {
  const zeros = graph.constant("float32", [rows, width], new Float32Array(rows * width));
  const wide = graph.node("Cast", [graph.reshape(places, [count, 1])], [count, 1], "int64", { to: 7 });
  return graph.node("ScatterND", [zeros, wide, values], [rows, width], "float32", { reduction: { text: "add" } });
}
