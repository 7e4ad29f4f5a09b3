import { cutsOf } from "./cuts.ts";
import type { GraphBuilder } from "./graph.ts";
import type { Part, View } from "./view.ts";

/** ONNX's operators for jax-js's reductions. */
export const REDUCTIONS: Readonly<Record<string, string>> = {
  Add: "ReduceSum",
  Max: "ReduceMax",
  Min: "ReduceMin",
  Mul: "ReduceProd",
};

/** Runs of sizes cut where the node's own shape is, if it can be, so that it needs no reshape. */
function cutLike(runs: readonly number[], actual: readonly number[]): number[][] {
  const fine = [...actual];
  const cuts = runs.map((size) => cutsOf(size, fine));
  return cuts.every((each) => each !== undefined) ? (cuts as number[][]) : runs.map((size) => [size]);
}

/**
 * The view with some dimensions of memory reduced; parts that name them must be gone from `axes`.
 * Neighbouring dimensions are reduced as one.
 */
function reduceDimensions(
  graph: GraphBuilder,
  operator: string,
  view: View,
  dimensions: ReadonlySet<number>,
  axes: readonly (readonly Part[])[],
): View {
  const runs: { size: number; reduced: boolean }[] = [];
  const place: number[] = [];
  const kept: number[] = [];
  view.dimensions.forEach((size, dimension) => {
    const reduced = dimensions.has(dimension);
    const run = runs[runs.length - 1];
    if (run !== undefined && run.reduced === reduced) {
      run.size *= size;
    } else {
      runs.push({ size, reduced });
    }
    place.push(kept.length);
    if (!reduced) {
      kept.push(size);
    }
  });
  const cuts = cutLike(
    runs.map(({ size }) => size),
    graph.shapeOf(view.node),
  );
  const axesOfRuns = cuts.flatMap((sizes, index) =>
    sizes.map((size) => ({ size, reduced: runs[index]?.reduced === true })),
  );
  const reducedAxes = axesOfRuns.flatMap(({ reduced }, index) => (reduced ? [index] : []));
  const node = graph.node(
    operator,
    [
      graph.reshape(
        view.node,
        axesOfRuns.map(({ size }) => size),
      ),
      graph.constant("int64", [reducedAxes.length], reducedAxes),
    ],
    axesOfRuns.filter(({ reduced }) => !reduced).map(({ size }) => size),
    view.kind,
    { keepdims: 0 },
  );
  return {
    node,
    kind: view.kind,
    dimensions: kept,
    axes: axes.map((axis) =>
      axis.map((part) => (part.dimension < 0 ? part : { ...part, dimension: place[part.dimension] as number })),
    ),
  };
}

/**
 * The view reduced over the parts that `reduce` chooses: parts in memory by a node; `repeated` is the product of those that
 * only repeat, by which a sum is still to be multiplied.
 */
export function reduceParts(
  graph: GraphBuilder,
  operator: string,
  view: View,
  reduce: (axis: number, index: number) => boolean,
): { view: View; repeated: number } {
  const dimensions = new Set<number>();
  let repeated = 1;
  const axes = view.axes.map((axis, axisIndex) =>
    axis.filter((part, index) => {
      if (!reduce(axisIndex, index)) {
        return true;
      }
      if (part.dimension < 0) {
        repeated *= part.size;
      } else {
        dimensions.add(part.dimension);
      }
      return false;
    }),
  );
  return {
    view: dimensions.size === 0 ? { ...view, axes } : reduceDimensions(graph, operator, view, dimensions, axes),
    repeated,
  };
}
