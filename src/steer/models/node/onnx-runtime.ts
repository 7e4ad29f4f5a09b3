import { InputError } from "../../../space/index.ts";
import type { OnnxInference, OnnxRuntime } from "../onnx/runtime.ts";

/** ONNX Runtime for Node, and a model loaded by it. */
export interface LoadedOnnx {
  readonly runtime: OnnxRuntime;
  readonly inference: OnnxInference;
}

/** Whether the optional package `onnxruntime-node` is installed. */
export const importOnnxRuntime = async (): Promise<typeof import("onnxruntime-node") | undefined> => {
  try {
    return await import("onnxruntime-node");
  } catch {
    return;
  }
};

/**
 * Loads an ONNX model from its path or bytes.
 *
 * @param source what errors call it
 * @param threads of one operation; 0: one a core
 * @throws InputError where the package is not installed or the model is damaged
 */
export const loadOnnx = async (model: string | Uint8Array, source: string, threads: number): Promise<LoadedOnnx> => {
  const runtime = await importOnnxRuntime();
  if (!runtime) {
    throw new InputError(`${source}: needs the package onnxruntime-node: run npm install onnxruntime-node`);
  }
  const options = { intraOpNumThreads: threads, executionMode: "sequential", graphOptimizationLevel: "all" } as const;
  try {
    const inference =
      typeof model === "string"
        ? await runtime.InferenceSession.create(model, options)
        : await runtime.InferenceSession.create(model, options);
    return { runtime, inference };
  } catch (error) {
    const why = (error as Error).message.replaceAll(/\s+/g, " ");
    throw new InputError(`${source}: ONNX Runtime cannot load it (${why}): export it again`, { cause: error });
  }
};
