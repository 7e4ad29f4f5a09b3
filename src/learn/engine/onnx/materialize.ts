import type { GraphBuilder } from "./graph.ts";
import { plainView, type View, viewShape } from "./view.ts";

/** Merges neighbours of a list of dimensions that stay neighbours in `order`: the permutation of the merged ones. */
function mergeOrder(
  dimensions: readonly number[],
  order: readonly number[],
): { shape: number[]; permutation: number[] } {
  const runs: number[][] = [];
  for (const dimension of order) {
    const run = runs[runs.length - 1];
    if (run !== undefined && run[run.length - 1] === dimension - 1) {
      run.push(dimension);
    } else {
      runs.push([dimension]);
    }
  }
  const byStart = runs
    .map((run, index) => ({ run, index }))
    .sort((a, b) => (a.run[0] as number) - (b.run[0] as number));
  const shape = byStart.map(({ run }) => run.reduce((product, d) => product * (dimensions[d] as number), 1));
  const permutation = runs.map((_, index) => byStart.findIndex((entry) => entry.index === index));
  return { shape, permutation };
}

/** The view with its dimensions in this order of memory: transposed by a node if they are not. */
export function reorder(graph: GraphBuilder, view: View, order: readonly number[]): View {
  if (order.every((dimension, index) => dimension === index)) {
    return view;
  }
  const { shape, permutation } = mergeOrder(view.dimensions, order);
  const node = graph.node(
    "Transpose",
    [graph.reshape(view.node, shape)],
    permutation.map((axis) => shape[axis] as number),
    view.kind,
    { perm: permutation },
  );
  const place = order.map((_, dimension) => order.indexOf(dimension));
  return {
    ...view,
    node,
    dimensions: order.map((dimension) => view.dimensions[dimension] as number),
    axes: view.axes.map((axis) =>
      axis.map((part) => (part.dimension < 0 ? part : { ...part, dimension: place[part.dimension] as number })),
    ),
  };
}

/** The dimensions of a view in logical order. */
const logicalOrder = (view: View): number[] =>
  view.axes.flatMap((axis) => axis.filter(({ dimension }) => dimension >= 0).map(({ dimension }) => dimension));

/** A node whose memory order is the view's logical order, repetitions written out, in the view's shape. */
export function materialize(graph: GraphBuilder, view: View): string {
  if (viewShape(view).includes(0)) {
    return graph.constant(view.kind, viewShape(view), []);
  }
  const ordered = reorder(graph, view, logicalOrder(view));
  const parts = ordered.axes.flat();
  const shape = viewShape(view);
  if (parts.every(({ dimension }) => dimension >= 0)) {
    return graph.reshape(ordered.node, shape);
  }
  const narrow = parts.map(({ size, dimension }) => (dimension < 0 ? 1 : size));
  const wide = parts.map(({ size }) => size);
  const expanded = graph.node(
    "Expand",
    [graph.reshape(ordered.node, narrow), graph.constant("int64", [wide.length], wide)],
    wide,
    view.kind,
  );
  return graph.reshape(expanded, shape);
}

/** The view with nothing lazy left in it. */
export const plain = (graph: GraphBuilder, view: View): View =>
  plainView(materialize(graph, view), view.kind, viewShape(view));
