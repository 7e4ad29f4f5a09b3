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
 * The order of memory of the result: that of the view with the most numbers, with the parts that it lacks after the part that
 * comes before them in logical order.
 */
function resultOrder(views: readonly View[]): number[] {
  const partCount = (views[0] as View).axes.flat().length;
  const largest = views.reduce((best, view) => (numbersIn(view) > numbersIn(best) ? view : best));
  const own = dimensionsByPart(largest);
  const all = views.map(dimensionsByPart);
  const order = own
    .map((dimension, part) => ({ dimension, part }))
    .filter(({ dimension }) => dimension >= 0)
    .sort((a, b) => a.dimension - b.dimension)
    .map(({ part }) => part);
  for (let part = 0; part < partCount; part++) {
    if ((own[part] as number) < 0 && all.some((dimensions) => (dimensions[part] as number) >= 0)) {
      order.splice(order.indexOf(part - 1) + 1, 0, part);
    }
  }
  return order;
}

const numbersIn = (view: View): number => view.dimensions.reduce((product, size) => product * size, 1);

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
): View {
  const views = align(
    graph,
    operands.map((view) => widenView(view, shape)),
  );
  const order = resultOrder(views);
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
  const groupSize = (group: readonly number[]) => group.reduce((product, index) => product * (sizes[index] as number), 1);
  const inputs = ordered.map((view, operand) => {
    const own = groups.map((group) => (present[operand]?.[group[0] as number] ? groupSize(group) : 1));
    const first = own.findIndex((size) => size !== 1);
    return graph.reshape(view.node, first < 0 ? [] : own.slice(first));
  });
  const node = graph.node(operation, inputs, groups.map(groupSize), kind, attributes, domain);
  const place = new Map(order.map((part, index) => [part, index]));
  let part = 0;
  const axes: Part[][] = (views[0] as View).axes.map((axis) =>
    axis.map(({ size }) => ({ size, dimension: place.get(part++) ?? -1 })),
  );
  return { node, kind, dimensions: sizes, axes };
}
