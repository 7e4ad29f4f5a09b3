import type { Attribute, Graph, GraphNode, GraphPort, Initializer } from "../engine/onnx/graph.ts";
import { encodeModel } from "../engine/onnx/proto.ts";
import { sizeOf, type Tensor, type Tensors } from "../engine/tensor.ts";
import {
  type Architecture,
  EMBEDDING,
  embeddingRows,
  FINAL_GAIN,
  headWidth,
  layerParameter,
  RMS_EPSILON,
  ROTARY_BASE,
} from "../models/architecture.ts";

/**
 * The bytes of an ONNX model of a trained ARM, with a cache of keys and values, as transformers.js and ONNX Runtime's
 * examples take it.
 *
 * With batch `b`, new tokens `s`, past tokens `p` and all tokens `t = p + s`, all of them free:
 *
 * | input | shape | |
 * |---|---|---|
 * | `input_ids`, `position_ids` | `[b, s]` int64 | |
 * | `attention_mask` | `[b, t]` int64 | 0 where a token is padding |
 * | `past_key_values.{i}.key`, `.value` | `[b, heads, p, head width]` | of layer `i`; `p = 0` at first |
 *
 * | output | shape | |
 * |---|---|---|
 * | `logits` | `[b, s, vocabulary]` | in nats; −∞ for tokens that no response holds: the beginning and prompts |
 * | `present.{i}.key`, `.value` | `[b, heads, t, head width]` | the next step's past |
 *
 * @throws RangeError for an EBM, which has no next-token logits
 */
export const onnxModel = (model: Architecture, parameters: Tensors): Uint8Array => {
  if (model.kind !== "arm") throw new RangeError("an EBM gives no next-token logits: export an ARM");
  return encodeModel(graphOf(model, parameters));
};

const graphOf = (model: Architecture, parameters: Tensors): Graph => {
  const { layers, width, heads, actions } = model;
  const vocabulary = embeddingRows(model);
  const builder = graphNodes(parameters);
  const { node, output, weight, floats } = builder;
  const positions = positionsFor(builder, headWidth(model));
  const allowed = allowedKeys(builder);
  let stream = node("Gather", [weight(EMBEDDING), "input_ids"]);
  for (let layer = 0; layer < layers; layer++) {
    stream = attended(builder, { model, layer, stream, positions, allowed });
    stream = fedForward(builder, layer, stream);
  }
  const table = node("Transpose", [weight(EMBEDDING)], { perm: [1, 0] });
  const scores = node("MatMul", [normalised(builder, stream, weight(FINAL_GAIN)), table]);
  const outside = floats([vocabulary], (token) => (token < actions ? 0 : -Infinity));
  output("logits", node("Add", [scores, outside]));
  const cache = (name: string, length: string): GraphPort[] =>
    Array.from({ length: layers }, (_, layer) =>
      ["key", "value"].map(
        (what): GraphPort => ({
          name: `${name}.${layer}.${what}`,
          kind: "float32",
          shape: ["b", heads, length, width / heads],
        }),
      ),
    ).flat();
  const ids = (name: string, length: string): GraphPort => ({ name, kind: "int64", shape: ["b", length] });
  return {
    ...builder.parts(),
    inputs: [
      ids("input_ids", "s"),
      ids("attention_mask", "t"),
      ids("position_ids", "s"),
      ...cache("past_key_values", "p"),
    ],
    outputs: [{ name: "logits", kind: "float32", shape: ["b", "s", vocabulary] }, ...cache("present", "t")],
  };
};

type Builder = ReturnType<typeof graphNodes>;

/** Collects nodes and constants; values are names. */
const graphNodes = (parameters: Tensors) => {
  const nodes: GraphNode[] = [];
  const initializers = new Map<string, Initializer>();
  let count = 0;
  const add = (
    operation: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ) => nodes.push({ operation, domain: "", inputs, outputs, attributes });
  const constant = (kind: "float32" | "int64", shape: readonly number[], data: Float32Array | readonly number[]) => {
    const name = `constant.${count++}`;
    initializers.set(name, { name, kind, shape, data });
    return name;
  };
  const keep = (name: string, { shape, data }: Tensor) => {
    initializers.set(name, { name, kind: "float32", shape, data: data as Float32Array });
    return name;
  };
  const parameter = (name: string) => parameters[name] as Tensor;
  return {
    node: (operation: string, inputs: readonly string[], attributes?: Readonly<Record<string, Attribute>>): string => {
      const name = `${operation}.${count++}`;
      add(operation, inputs, [name], attributes);
      return name;
    },
    /** Two halves along the last axis. */
    halves: (input: string): readonly [string, string] => {
      const names = [`half.${count++}`, `half.${count++}`] as const;
      add("Split", [input], names, { axis: -1, num_outputs: 2 });
      return names;
    },
    output: (name: string, from: string) => add("Identity", [from], [name]),
    floats: (shape: readonly number[], numberOf: (index: number) => number) =>
      constant(
        "float32",
        shape,
        Float32Array.from({ length: sizeOf(shape) }, (_, index) => numberOf(index)),
      ),
    integers: (numbers: readonly number[], shape: readonly number[] = [numbers.length]) =>
      constant("int64", shape, numbers),
    weight: (name: string) => keep(name, parameter(name)),
    /** A matrix `[out, in]` as `[in, out]`, which rows are multiplied with. */
    transposed: (name: string) => keep(`${name}.transposed`, transpose(parameter(name))),
    parts: () => ({ nodes, initializers: [...initializers.values()] }),
  };
};

const transpose = ({ shape, data }: Tensor): Tensor => {
  const [rows, columns] = shape as [number, number];
  const out = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) out[column * rows + row] = data[row * columns + column] as number;
  }
  return { shape: [columns, rows], data: out };
};

/** Cosines and sines of the rotary angles, `[b, 1, s, head width / 2]`. */
const positionsFor = ({ node, floats, integers }: Builder, width: number) => {
  const position = node("Unsqueeze", [node("Cast", ["position_ids"], { to: FLOAT }), integers([1, 3])]);
  const angles = node("Mul", [position, floats([width / 2], (index) => ROTARY_BASE ** ((-2 * index) / width))]);
  return { cosines: node("Cos", [angles]), sines: node("Sin", [angles]) };
};

/** ONNX's numbers for element types. */
const [FLOAT, BOOL] = [1, 9];

/** Whether a token may look at another, `[b, 1, s, t]`: not after it, and not padding. */
const allowedKeys = ({ node, integers }: Builder): string => {
  const sizeOfAxis = (name: string) => node("Gather", [node("Shape", [name]), integers([1], [])]);
  const [all, fresh] = [sizeOfAxis("attention_mask"), sizeOfAxis("input_ids")];
  const one = integers([1], []);
  const keys = node("Range", [integers([0], []), all, one]);
  const queries = node("Unsqueeze", [node("Range", [node("Sub", [all, fresh]), all, one]), integers([1])]);
  const real = node("Unsqueeze", [node("Cast", ["attention_mask"], { to: BOOL }), integers([1, 2])]);
  return node("And", [node("LessOrEqual", [keys, queries]), real]);
};

/** RMSNorm. */
const normalised = ({ node, floats, integers }: Builder, x: string, gain: string): string => {
  const meanSquare = node("ReduceMean", [node("Mul", [x, x]), integers([-1])], { keepdims: 1 });
  const root = node("Sqrt", [node("Add", [meanSquare, floats([], () => RMS_EPSILON)])]);
  return node("Mul", [node("Div", [x, root]), gain]);
};

/** The stream after a layer's attention. */
const attended = (
  builder: Builder,
  given: {
    readonly model: Architecture;
    readonly layer: number;
    readonly stream: string;
    readonly positions: { readonly cosines: string; readonly sines: string };
    readonly allowed: string;
  },
): string => {
  const { node, output, weight, transposed, floats, integers, halves } = builder;
  const { model, layer, stream, positions, allowed } = given;
  const head = headWidth(model);
  const rows = normalised(builder, stream, weight(layerParameter(layer, "attentionGain")));
  const byHead = (what: "query" | "key" | "value") => {
    const projected = node("MatMul", [rows, transposed(layerParameter(layer, what))]);
    // 0 keeps the batch's and the sequence's sizes
    const split = node("Reshape", [projected, integers([0, 0, model.heads, head])]);
    return node("Transpose", [split], { perm: [0, 2, 1, 3] });
  };
  const turned = (x: string) => {
    const [first, second] = halves(x);
    const { cosines, sines } = positions;
    const low = node("Sub", [node("Mul", [first, cosines]), node("Mul", [second, sines])]);
    const high = node("Add", [node("Mul", [second, cosines]), node("Mul", [first, sines])]);
    return node("Concat", [low, high], { axis: -1 });
  };
  const remembered = (what: "key" | "value", fresh: string) => {
    const all = node("Concat", [`past_key_values.${layer}.${what}`, fresh], { axis: 2 });
    output(`present.${layer}.${what}`, all);
    return all;
  };
  const keys = node("Transpose", [remembered("key", turned(byHead("key")))], { perm: [0, 1, 3, 2] });
  const values = remembered("value", byHead("value"));
  const scores = node("Mul", [node("MatMul", [turned(byHead("query")), keys]), floats([], () => head ** -0.5)]);
  // not −∞: padding before a text has nothing to look at, and NaN there would spread
  const masked = node("Where", [allowed, scores, floats([], () => LOWEST)]);
  const mixed = node("MatMul", [node("Softmax", [masked], { axis: -1 }), values]);
  const joined = node("Reshape", [node("Transpose", [mixed], { perm: [0, 2, 1, 3] }), integers([0, 0, model.width])]);
  return node("Add", [stream, node("MatMul", [joined, transposed(layerParameter(layer, "output"))])]);
};

/** The lowest float32. */
const LOWEST = -(2 - 2 ** -23) * 2 ** 127;

/** The stream after a layer's SwiGLU. */
const fedForward = (builder: Builder, layer: number, stream: string): string => {
  const { node, weight, transposed } = builder;
  const rows = normalised(builder, stream, weight(layerParameter(layer, "feedForwardGain")));
  const gate = node("MatMul", [rows, transposed(layerParameter(layer, "gate"))]);
  const units = node("Mul", [
    node("Mul", [gate, node("Sigmoid", [gate])]),
    node("MatMul", [rows, transposed(layerParameter(layer, "up"))]),
  ]);
  return node("Add", [stream, node("MatMul", [units, transposed(layerParameter(layer, "down"))])]);
};
