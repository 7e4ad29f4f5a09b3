import { cutsOf } from "./cuts.ts";
import type { NumberKind } from "./expression.ts";
import type { Attribute, GraphBuilder } from "./graph.ts";
import { plain, reorder } from "./materialize.ts";
import { alignViews, type Part, type View, widenView } from "./view.ts";

/** Views aligned part by part; one that cannot be cut like the others is written out first. */
export function align(graph: GraphBuilder, views: readonly View[]): View[] {
  const aligned = alignViews(views);
  return aligned ?? (alignViews(views.map((view) => plain(graph, view))) as View[]);
}

/** The dimension of each of a view's parts, axis by axis; −1 where it repeats. */
const dimensionsByPart = (view: View): number[] => view.axes.flatMap((axis) => axis.map(({ dimension }) => dimension));

/**
 * The order of memory of the result: that of the view with the most numbers; a part that it lacks goes after the part that it
 * follows in the memory of a view that has it, so that this one need not be moved either. Parts that will be summed do not come
 * first: a sum over the outermost dimension strides through all of memory, and takes up to ten times as long.
 */
function resultOrder(views: readonly View[], summed: ReadonlySet<number>): number[] {
  const memory = (view: View): number[] =>
    dimensionsByPart(view)
      .map((dimension, part) => ({ dimension, part }))
      .filter(({ dimension }) => dimension >= 0)
      .sort((a, b) => a.dimension - b.dimension)
      .map(({ part }) => part);
  const bySize = [...views].sort((a, b) => numbersIn(b) - numbersIn(a));
  const [order, ...others] = bySize.map(memory) as [number[], ...number[][]];
  const added: number[] = [];
  for (const other of others) {
    other.forEach((part, index) => {
      if (!order.includes(part)) {
        order.splice(index === 0 ? 0 : order.indexOf(other[index - 1] as number) + 1, 0, part);
        added.push(part);
      }
    });
  }
  const front = added.find((part) => !summed.has(part));
  if (front !== undefined && summed.has(order[0] as number)) {
    order.splice(order.indexOf(front), 1);
    order.unshift(front);
  }
  return order;
}

const numbersIn = (view: View): number => view.dimensions.reduce((product, size) => product * size, 1);

/**
 * The shapes in which a node takes its operands: groups of dimensions, each whole in an operand or of size 1, cut as the
 * first complete operand already is, so that most need no reshape.
 */
function operandShapes(
  actual: readonly (readonly number[])[],
  sizes: readonly number[],
  present: readonly (readonly boolean[])[],
): { result: number[]; operands: number[][] } {
  const complete = actual.findIndex((_, operand) => present.every((has) => has[operand]));
  const fine = complete < 0 ? [] : [...(actual[complete] as readonly number[])];
  const attempt = sizes.map((size) => cutsOf(size, fine));
  const cuts = attempt.every((each) => each !== undefined) ? (attempt as number[][]) : sizes.map((size) => [size]);
  const shapeFor = (operand: number): number[] => {
    const whole = cuts.flatMap((group, index) => (present[index]?.[operand] ? group : group.map(() => 1)));
    if (present.every((has) => has[operand])) {
      return whole;
    }
    const first = whole.findIndex((size) => size !== 1);
    return first < 0 ? [] : whole.slice(first);
  };
  return { result: cuts.flat(), operands: actual.map((_, operand) => shapeFor(operand)) };
}

/**
 * One node that applies an operation number by number to views of one shape, which broadcast as numpy's do; what repeats in
 * all of them repeats in the result and is computed once.
 */
export function elementwise(
  graph: GraphBuilder,
  operation: string,
  operands: readonly View[],
  shape: readonly number[],
  kind: NumberKind,
  attributes: Readonly<Record<string, Attribute>> = {},
  domain = "",
  summedAxis = -1,
): View {
  const views = align(
    graph,
    operands.map((view) => widenView(view, shape)),
  );
  let count = 0;
  const summed = new Set(
    (views[0] as View).axes.flatMap((axis, index) =>
      axis.flatMap(() => {
        const part = count++;
        return index === summedAxis ? [part] : [];
      }),
    ),
  );
  const order = resultOrder(views, summed);
  const ordered = views.map((view) => {
    const dimensions = dimensionsByPart(view);
    return reorder(
      graph,
      view,
      order.map((part) => dimensions[part] as number).filter((dimension) => dimension >= 0),
    );
  });
  const present = ordered.map((view) => {
    const dimensions = dimensionsByPart(view);
    return order.map((part) => (dimensions[part] as number) >= 0);
  });
  const sizes = order.map((part) => (views[0] as View).axes.flat()[part]?.size as number);
  // Neighbours that are present in the same operands are one dimension to the node.
  const groups: number[][] = [];
  for (let index = 0; index < order.length; index++) {
    const group = groups[groups.length - 1];
    if (group !== undefined && present.every((has) => has[index] === has[group[0] as number])) {
      group.push(index);
    } else {
      groups.push([index]);
    }
  }
  const groupSize = (group: readonly number[]) =>
    group.reduce((product, index) => product * (sizes[index] as number), 1);
  const shapes = operandShapes(
    ordered.map((view) => graph.shapeOf(view.node)),
    groups.map(groupSize),
    groups.map((group) => present.map((has) => has[group[0] as number] === true)),
  );
  const inputs = ordered.map((view, operand) => graph.reshape(view.node, shapes.operands[operand] as number[]));
  const node = graph.node(operation, inputs, shapes.result, kind, attributes, domain);
  const place = new Map(order.map((part, index) => [part, index]));
  let part = 0;
  const axes: Part[][] = (views[0] as View).axes.map((axis) =>
    axis.map(({ size }) => ({ size, dimension: place.get(part++) ?? -1 })),
  );
  return { node, kind, dimensions: sizes, axes };
}
