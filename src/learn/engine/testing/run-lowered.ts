import { createRequire } from "node:module";
import { init } from "@jax-js/jax";
import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import type { Arrays, Step } from "../engine.ts";
import { lower } from "../onnx/lower.ts";
import { encodeModel } from "../onnx/proto.ts";
import { toExpressions } from "../onnx/to-expressions.ts";
import { inputName, traceStep } from "../onnx/trace.ts";
import type { Tensors } from "../tensor.ts";
import { upload } from "../upload.ts";

const runtime = createRequire(import.meta.url)("onnxruntime-node") as typeof import("onnxruntime-node");

/** What a step gives when it is lowered and run by ONNX Runtime, in this thread; truth values as 0 and 1. */
export async function runLowered(step: Step, chunk: Tensors): Promise<Record<string, number[]>> {
  await init("wasm");
  const graph = lower(toExpressions(await traceStep(step, { resident: {}, chunk })));
  const session: InferenceSession = await runtime.InferenceSession.create(encodeModel(graph), {
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const feeds: Record<string, OrtTensor> = {};
  for (const [name, { shape, data }] of Object.entries(chunk)) {
    if (session.inputNames.includes(inputName("chunk", name))) {
      feeds[inputName("chunk", name)] = new runtime.Tensor(
        data instanceof Int32Array ? "int32" : "float32",
        data as Float32Array,
        [...shape],
      );
    }
  }
  const outputs = await session.run(feeds);
  await session.release();
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { data }]) => [name, Array.from(data as Float32Array)]),
  );
}

/** What a step gives when jax-js runs it operation by operation. */
export async function runEagerly(step: Step, chunk: Tensors): Promise<Record<string, number[]>> {
  await init("wasm");
  const inputs: Arrays = Object.fromEntries(Object.entries(chunk).map(([name, value]) => [name, upload(value)]));
  const outputs: Record<string, number[]> = {};
  for (const [name, value] of Object.entries(step({}, inputs))) {
    outputs[name] = Array.from((await value.data()) as ArrayLike<number>, Number);
  }
  return outputs;
}
