import type { GraphBuilder } from "./graph.ts";
import { plain } from "./materialize.ts";
import { plainView, type View, viewShape } from "./view.ts";

/** `view[start:end, …]`: a slice of every axis. */
export function shrink(graph: GraphBuilder, view: View, slice: readonly (readonly [number, number])[]): View {
  const whole = viewShape(view);
  const shape = slice.map(([start, end]) => end - start);
  const axes = slice.flatMap(([start, end], axis) => (start === 0 && end === whole[axis] ? [] : [axis]));
  const numbers = (values: readonly number[]) => graph.constant("int64", [values.length], values);
  const node = graph.node(
    "Slice",
    [
      graph.reshape(plain(graph, view).node, whole),
      numbers(axes.map((axis) => slice[axis]?.[0] as number)),
      numbers(axes.map((axis) => slice[axis]?.[1] as number)),
      numbers(axes),
    ],
    shape,
    view.kind,
  );
  return plainView(node, view.kind, shape);
}

/** `view` with zeros before and after every axis. */
export function pad(graph: GraphBuilder, view: View, width: readonly (readonly [number, number])[]): View {
  const whole = viewShape(view);
  const shape = whole.map((size, axis) => size + (width[axis]?.[0] as number) + (width[axis]?.[1] as number));
  const widths = [...width.map(([before]) => before), ...width.map(([, after]) => after)];
  const node = graph.node(
    "Pad",
    [graph.reshape(plain(graph, view).node, whole), graph.constant("int64", [widths.length], widths)],
    shape,
    view.kind,
  );
  return plainView(node, view.kind, shape);
}

/** Views one after the other along an axis. */
export function concatenate(graph: GraphBuilder, views: readonly View[], axis: number): View {
  const shapes = views.map(viewShape);
  const shape = [...(shapes[0] as number[])];
  shape[axis] = shapes.reduce((total, each) => total + (each[axis] as number), 0);
  const inputs = views.map((view, index) => graph.reshape(plain(graph, view).node, shapes[index] as number[]));
  const kind = (views[0] as View).kind;
  return plainView(graph.node("Concat", inputs, shape, kind, { axis }), kind, shape);
}
