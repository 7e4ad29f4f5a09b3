import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Attribute, Graph, GraphNode, GraphPort, Initializer } from "./graph.ts";

/** ONNX's numbers for element types (TensorProto.DataType). */
const ELEMENT_TYPE = { float32: 1, int32: 6, int64: 7, bool: 9 } as const;

/** ONNX's numbers for attribute types (AttributeProto.AttributeType). */
const FLOAT = 1;
const INT = 2;
const STRING = 3;
const GRAPH = 5;
const INTS = 7;

const IR_VERSION = 8;
const OPSET = 18;

type Message = (writer: BinaryWriter) => void;

/** Writes field `number` as a nested message. */
function message(writer: BinaryWriter, number: number, content: Message): void {
  writer.tag(number, WireType.LengthDelimited).fork();
  content(writer);
  writer.join();
}

const text = (writer: BinaryWriter, number: number, value: string): BinaryWriter =>
  writer.tag(number, WireType.LengthDelimited).string(value);

const integer = (writer: BinaryWriter, number: number, value: number): BinaryWriter =>
  writer.tag(number, WireType.Varint).int64(value);

/** AttributeProto: name 1, f 2, i 3, s 4, g 6, ints 8, type 20. */
const attribute =
  (name: string, value: Attribute): Message =>
  (writer) => {
    text(writer, 1, name);
    if (typeof value === "number") {
      integer(writer, 3, value);
      integer(writer, 20, INT);
    } else if ("float" in value) {
      writer.tag(2, WireType.Bit32).float(value.float);
      integer(writer, 20, FLOAT);
    } else if ("text" in value) {
      writer.tag(4, WireType.LengthDelimited).bytes(new TextEncoder().encode(value.text));
      integer(writer, 20, STRING);
    } else if ("graph" in value) {
      message(writer, 6, graphMessage(value.graph));
      integer(writer, 20, GRAPH);
    } else {
      for (const element of value) {
        integer(writer, 8, element);
      }
      integer(writer, 20, INTS);
    }
  };

/** NodeProto: input 1, output 2, op_type 4, attribute 5, domain 7. */
const node =
  ({ operation, domain, inputs, outputs, attributes }: GraphNode): Message =>
  (writer) => {
    for (const input of inputs) {
      text(writer, 1, input);
    }
    for (const output of outputs) {
      text(writer, 2, output);
    }
    text(writer, 4, operation);
    for (const [name, value] of Object.entries(attributes)) {
      message(writer, 5, attribute(name, value));
    }
    if (domain !== "") {
      text(writer, 7, domain);
    }
  };

/** The little-endian bytes of an initializer. */
function rawData({ kind, data }: Initializer): Uint8Array {
  if (data instanceof Uint8Array || kind === "bool") {
    return Uint8Array.from(data as ArrayLike<number>);
  }
  const width = kind === "int64" ? 8 : 4;
  const bytes = new Uint8Array(width * data.length);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < data.length; index++) {
    const value = data[index] as number;
    if (kind === "int64") {
      view.setBigInt64(8 * index, BigInt(value), true);
    } else if (kind === "int32") {
      view.setInt32(4 * index, value, true);
    } else {
      view.setFloat32(4 * index, value, true);
    }
  }
  return bytes;
}

/** TensorProto: dims 1, data_type 2, name 8, raw_data 9. */
const initializer =
  (tensor: Initializer): Message =>
  (writer) => {
    for (const size of tensor.shape) {
      integer(writer, 1, size);
    }
    integer(writer, 2, ELEMENT_TYPE[tensor.kind]);
    text(writer, 8, tensor.name);
    writer.tag(9, WireType.LengthDelimited).bytes(rawData(tensor));
  };

/** ValueInfoProto: name 1, type 2 {tensor_type 1 {elem_type 1, shape 2 {dim 1 {dim_value 1, dim_param 2}}}}. */
const port =
  ({ name, kind, shape }: GraphPort): Message =>
  (writer) => {
    text(writer, 1, name);
    message(writer, 2, (type) =>
      message(type, 1, (tensorType) => {
        integer(tensorType, 1, ELEMENT_TYPE[kind]);
        message(tensorType, 2, (dimensions) => {
          for (const size of shape) {
            message(dimensions, 1, (dimension) => {
              if (typeof size === "string") {
                text(dimension, 2, size);
              } else {
                integer(dimension, 1, size);
              }
            });
          }
        });
      }),
    );
  };

/** GraphProto: node 1, name 2, initializer 5, input 11, output 12. */
const graphMessage =
  (graph: Graph): Message =>
  (writer) => {
    for (const each of graph.nodes) {
      message(writer, 1, node(each));
    }
    text(writer, 2, "arbel");
    for (const each of graph.initializers) {
      message(writer, 5, initializer(each));
    }
    for (const each of graph.inputs) {
      message(writer, 11, port(each));
    }
    for (const each of graph.outputs) {
      message(writer, 12, port(each));
    }
  };

/**
 * The bytes of an ONNX model (ModelProto: ir_version 1, producer_name 2, graph 7, opset_import 8) with this graph.
 *
 * Field numbers are those of `onnx.proto3`; operators are of opset 18 and of ONNX Runtime's `com.microsoft` domain.
 */
export function encodeModel(graph: Graph): Uint8Array {
  const writer = new BinaryWriter();
  integer(writer, 1, IR_VERSION);
  text(writer, 2, "arbel");
  message(writer, 7, graphMessage(graph));
  for (const [domain, version] of [
    ["", OPSET],
    ["com.microsoft", 1],
  ] as const) {
    message(writer, 8, (opset) => {
      text(opset, 1, domain);
      integer(opset, 2, version);
    });
  }
  return writer.finish();
}
