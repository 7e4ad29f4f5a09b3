import { sameShape, sizeOf } from "../tensor.ts";
import type { ConstantData, NumberKind } from "./expression.ts";

/** An attribute of an ONNX node: integers, floats (as `{ float }`), a list of integers, text, or a graph that it runs. */
export type Attribute =
  | number
  | readonly number[]
  | { readonly float: number }
  | { readonly text: string }
  | { readonly graph: Graph };

/** One ONNX node. */
export interface GraphNode {
  readonly operation: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** A tensor that is part of the graph. */
export interface Initializer {
  readonly name: string;
  readonly kind: NumberKind | "int64";
  readonly shape: readonly number[];
  readonly data: ConstantData | readonly number[];
}

/** What a graph takes or gives. */
export interface GraphPort {
  readonly name: string;
  readonly kind: NumberKind | "int64";
  readonly shape: readonly (number | string)[];
}

/** An ONNX graph. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly GraphPort[];
  readonly outputs: readonly GraphPort[];
}

/** A graph that knows the shape of every value. */
export interface ShapedGraph extends Graph {
  shapeOf(name: string): readonly number[];
}

/** Builds a graph node by node; equal nodes on equal inputs are made once. Its own names begin with `#`, so that outputs may be called anything else. */
export interface GraphBuilder {
  /** A node with one output of this shape; its name. */
  node(
    operation: string,
    inputs: readonly string[],
    shape: readonly number[],
    kind: NumberKind | "int64",
    attributes?: Readonly<Record<string, Attribute>>,
    domain?: string,
  ): string;
  /** A constant tensor; equal ones are made once. */
  constant(kind: NumberKind | "int64", shape: readonly number[], data: ConstantData | readonly number[]): string;
  input(name: string, kind: NumberKind, shape: readonly number[]): void;
  output(name: string, from: string, kind: NumberKind, shape: readonly number[]): void;
  shapeOf(name: string): readonly number[];
  /** The same numbers in another shape of the same memory order. */
  reshape(name: string, shape: readonly number[]): string;
  build(): ShapedGraph;
}

export function graphBuilder(): GraphBuilder {
  const nodes: GraphNode[] = [];
  const initializers: Initializer[] = [];
  const inputs: GraphPort[] = [];
  const outputs: GraphPort[] = [];
  const shapes = new Map<string, readonly number[]>();
  const kinds = new Map<string, NumberKind | "int64">();
  const known = new Map<string, string>();
  const reshapedFrom = new Map<string, string>();
  let count = 0;

  const constant: GraphBuilder["constant"] = (kind, shape, data) => {
    const key = data.length <= 64 ? `constant|${kind}|${shape}|${Array.from(data).join()}` : undefined;
    const old = key === undefined ? undefined : known.get(key);
    if (old !== undefined) {
      return old;
    }
    const name = `#c${count++}`;
    initializers.push({ name, kind, shape, data });
    shapes.set(name, shape);
    kinds.set(name, kind);
    if (key !== undefined) {
      known.set(key, name);
    }
    return name;
  };

  const node: GraphBuilder["node"] = (operation, from, shape, kind, attributes = {}, domain = "") => {
    const key = `${domain}.${operation}|${from}|${JSON.stringify(attributes)}|${kind}`;
    const old = known.get(key);
    if (old !== undefined) {
      return old;
    }
    const name = `#v${count++}`;
    nodes.push({ operation, domain, inputs: from, outputs: [name], attributes });
    shapes.set(name, [...shape]);
    kinds.set(name, kind);
    known.set(key, name);
    return name;
  };

  const shapeOf = (name: string): readonly number[] => {
    const shape = shapes.get(name);
    if (shape === undefined) {
      throw new RangeError(`the graph has no value "${name}"`);
    }
    return shape;
  };

  return {
    node,
    constant,
    shapeOf,
    input(name, kind, shape) {
      inputs.push({ name, kind, shape });
      shapes.set(name, shape);
      kinds.set(name, kind);
    },
    output(name, from, kind, shape) {
      nodes.push({ operation: "Identity", domain: "", inputs: [from], outputs: [name], attributes: {} });
      outputs.push({ name, kind, shape });
    },
    reshape(name, shape) {
      const origin = reshapedFrom.get(name) ?? name;
      if (sameShape(shapeOf(origin), shape)) {
        return origin;
      }
      if (sizeOf(shapeOf(origin)) !== sizeOf(shape)) {
        throw new RangeError(`cannot reshape [${shapeOf(origin)}] to [${shape}]`);
      }
      const made = node(
        "Reshape",
        [origin, constant("int64", [shape.length], shape)],
        shape,
        kinds.get(origin) ?? "float32",
        // An axis of size 0 is meant as such, not as "copy the input's".
        shape.includes(0) ? { allowzero: 1 } : {},
      );
      reshapedFrom.set(made, origin);
      return made;
    },
    build: () => ({ nodes, initializers, inputs, outputs, shapeOf }),
  };
}
