import { createRequire } from "node:module";
import type { Engine } from "../learn/index.ts";
import type { Output } from "./output.ts";

/** Makes an engine; without ONNX Runtime, which is optional, a line says so and jax-js runs. */
export const engineOf = async (
  { engine, threads }: { readonly engine: "onnx" | "jax"; readonly threads?: number | undefined },
  output: Output,
): Promise<Engine> => {
  const { jaxEngine } = await import("../learn/index.ts");
  if (engine === "onnx") {
    if (hasOnnxRuntime()) {
      const { onnxEngine } = await import("../learn/engine/node/index.ts");
      return onnxEngine(threads === undefined ? {} : { threads });
    }
    await output.log("onnxruntime-node is not installed: jax-js runs instead, several times slower");
  } else if (threads !== undefined && threads > 1) await output.log("jax-js runs on one thread");
  return jaxEngine();
};

const hasOnnxRuntime = (): boolean => {
  try {
    createRequire(import.meta.url).resolve("onnxruntime-node");
    return true;
  } catch {
    return false;
  }
};
