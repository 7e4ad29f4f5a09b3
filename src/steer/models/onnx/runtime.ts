/** A tensor of ONNX Runtime. */
export interface OnnxTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
}

/** What ONNX Runtime says about an input or output; names stand for sizes that are free. */
export interface OnnxValue {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type?: string;
  readonly shape?: readonly (number | string)[];
}

/** A model that ONNX Runtime has loaded: an `InferenceSession` of `onnxruntime-node` or `onnxruntime-web`. */
export interface OnnxInference {
  readonly inputNames: readonly string[];
  readonly inputMetadata: readonly OnnxValue[];
  readonly outputMetadata: readonly OnnxValue[];
  /** Runs the graph once. */
  run(feeds: Record<string, OnnxTensor>): Promise<Record<string, OnnxTensor>>;
  /** Frees the model. */
  release(): Promise<void>;
}

/** The part of `onnxruntime-node` or `onnxruntime-web` that makes tensors. */
export interface OnnxRuntime {
  readonly Tensor: new (
    type: "float32" | "int64",
    data: Float32Array | BigInt64Array,
    dims: readonly number[],
  ) => OnnxTensor;
}
