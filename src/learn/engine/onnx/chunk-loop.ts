import type { Graph, GraphNode, GraphPort, Initializer, ShapedGraph } from "./graph.ts";

/** The input of a looped graph that says how many chunks there are, `[]` int64. */
export const CHUNK_COUNT = "#chunks";

const ITERATION = "#iteration";
const CONDITION = "#condition";
const GOES_ON = "#goes-on";

/** Operators that only say where numbers lie: they commute with a sum, so they are applied to the total, once. */
const MOVEMENTS = new Set(["Identity", "Reshape", "Transpose"]);

/** How an output is summed. */
interface Sum {
  /** Zeros in the shape in which the chunks' numbers are made. */
  readonly start: GraphNode;
  readonly constants: readonly Initializer[];
  /** The total inside the loop: before and after a chunk. */
  readonly before: GraphPort;
  readonly after: GraphPort;
  /** In the loop: gives `after` from `before` and the chunk's numbers. */
  readonly add: GraphNode;
  /** The node that `add` stands for, if it is a product of matrices that starts from the total. */
  readonly product?: GraphNode;
  readonly total: string;
  /** After the loop: what was left out of it, and the same nodes as they act on the total. */
  readonly moved: readonly GraphNode[];
  readonly movements: readonly GraphNode[];
}

const plainNode = (
  operation: string,
  inputs: readonly string[],
  output: string,
  attributes: GraphNode["attributes"] = {},
): GraphNode => ({ operation, domain: "", inputs, outputs: [output], attributes });

const outputOf = (node: GraphNode): string => node.outputs[0] as string;

/**
 * A graph of one chunk as a loop over chunks that sums its outputs as they are made.
 *
 * Inputs named in `perChunk` get a leading axis of chunks, and {@link CHUNK_COUNT} says how many there are. What does not depend on the
 * chunk is computed once, before the loop; a product of matrices starts from the total, so that adding costs next to nothing; and ONNX
 * Runtime for Node, which copies every output, copies one set of numbers instead of one for each chunk.
 */
export function sumOverChunks(graph: ShapedGraph, perChunk: ReadonlySet<string>): Graph {
  const varying = dependents(graph, perChunk);
  const sums = sumsOf(graph, varying);
  const moved = new Set(sums.flatMap((sum) => sum.moved));
  const products = new Set(sums.map(({ product }) => product));
  const kept = graph.nodes.filter((node) => !moved.has(node));
  const inLoop = kept.filter((node) => varying.has(outputOf(node)) && !products.has(node));
  const chunkInputs = graph.inputs.filter(({ name }) => perChunk.has(name));
  const ofChunk = (name: string) => (perChunk.has(name) ? `#${name}` : name);
  const body: Graph = {
    nodes: [
      plainNode("Identity", [CONDITION], GOES_ON),
      ...chunkInputs.map(({ name }) => plainNode("Gather", [name, ITERATION], ofChunk(name), { axis: 0 })),
      ...[...inLoop, ...sums.map(({ add }) => add)].map((node) => ({ ...node, inputs: node.inputs.map(ofChunk) })),
    ],
    initializers: [],
    inputs: [
      { name: ITERATION, kind: "int64", shape: [] },
      { name: CONDITION, kind: "bool", shape: [] },
      ...sums.map(({ before }) => before),
    ],
    outputs: [{ name: GOES_ON, kind: "bool", shape: [] }, ...sums.map(({ after }) => after)],
  };
  const loop: GraphNode = {
    operation: "Loop",
    domain: "",
    inputs: [CHUNK_COUNT, "", ...sums.map(({ start }) => outputOf(start))],
    outputs: sums.map(({ total }) => total),
    attributes: { body: { graph: body } },
  };
  const before = kept.filter((node) => !varying.has(outputOf(node)));
  return {
    nodes: [...before, ...sums.map(({ start }) => start), loop, ...sums.flatMap(({ movements }) => movements)],
    initializers: [...graph.initializers, ...sums.flatMap(({ constants }) => constants)],
    inputs: [
      { name: CHUNK_COUNT, kind: "int64", shape: [] },
      ...graph.inputs.map((port) => (perChunk.has(port.name) ? { ...port, shape: ["chunks", ...port.shape] } : port)),
    ],
    outputs: graph.outputs,
  };
}

/** Names of the values that depend on the inputs named, themselves included. */
function dependents(graph: Graph, names: ReadonlySet<string>): Set<string> {
  const found = new Set(names);
  for (const { inputs, outputs } of graph.nodes) {
    if (inputs.some((input) => found.has(input))) {
      for (const output of outputs) {
        found.add(output);
      }
    }
  }
  return found;
}

function sumsOf(graph: ShapedGraph, varying: ReadonlySet<string>): Sum[] {
  const makers = new Map(graph.nodes.map((node) => [outputOf(node), node]));
  const uses = new Map<string, number>();
  for (const input of graph.nodes.flatMap(({ inputs }) => inputs)) {
    uses.set(input, (uses.get(input) ?? 0) + 1);
  }
  const usedOnce = (name: string) => (uses.get(name) ?? 0) <= 1;
  return graph.outputs.map((port, index) => {
    const moved: GraphNode[] = [];
    let made = port.name;
    for (let maker = makers.get(made); maker !== undefined; maker = makers.get(made)) {
      if (!(MOVEMENTS.has(maker.operation) && usedOnce(made))) {
        break;
      }
      moved.unshift(maker);
      made = maker.inputs[0] as string;
    }
    const maker = makers.get(made);
    const isProduct = maker?.operation === "Gemm" && maker.inputs.length === 2 && usedOnce(made) && varying.has(made);
    const shape = graph.shapeOf(made);
    const name = (what: string) => `#${what}.${index}`;
    const [before, after, total] = [name("before"), name("after"), name("total")];
    return {
      start: plainNode("Expand", [name("zero"), name("shape")], name("start")),
      constants: [
        { name: name("zero"), kind: port.kind, shape: [], data: [0] },
        { name: name("shape"), kind: "int64", shape: [shape.length], data: shape as number[] },
      ],
      before: { name: before, kind: port.kind, shape },
      after: { name: after, kind: port.kind, shape },
      add: isProduct
        ? { ...maker, inputs: [...maker.inputs, before], outputs: [after] }
        : plainNode("Add", [before, made], after),
      ...(isProduct ? { product: maker } : {}),
      total,
      moved,
      movements: moved.map((node, place) =>
        place === 0 ? { ...node, inputs: [total, ...node.inputs.slice(1)] } : node,
      ),
    };
  });
}
