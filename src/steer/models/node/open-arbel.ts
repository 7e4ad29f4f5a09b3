import { existsSync } from "node:fs";
import { join } from "node:path";
import { onnxModel as onnxBytes, readModelFolder } from "../../../learn/files/index.ts";
import { jaxEngine } from "../../../learn/index.ts";
import { refuseFrom } from "../../../space/files/index.ts";
import { arbelModel, trainedParts } from "../arbel/arbel-model.ts";
import { decoderModel } from "../decoder/decoder-model.ts";
import type { LanguageModel } from "../language-model.ts";
import { onnxSession } from "../onnx/onnx-session.ts";
import { importOnnxRuntime, loadOnnx } from "./onnx-runtime.ts";
import type { OpenModelOptions } from "./open-model-options.ts";
import { readJson } from "./read-folder.ts";
import { threadsFor } from "./threads-for.ts";

/** Whether a folder has weights as `arbel train` writes them; others write them too, who then may have an ONNX graph beside them. */
export const hasWeights = (folder: string): boolean => existsSync(join(folder, "model.safetensors"));

/** Whether a folder is one that `arbel train` wrote. */
export const isArbelFolder = (folder: string): boolean =>
  hasWeights(folder) &&
  (readJson(folder, "config.json", true) as { readonly arbel?: unknown } | undefined)?.arbel !== undefined;

/**
 * Opens a folder that `arbel train` wrote: by ONNX Runtime where it is installed, which runs the same model as one graph with
 * a cache of keys and values, else by jax-js.
 */
export const openArbelFolder = async (folder: string, options: OpenModelOptions): Promise<LanguageModel> => {
  const model = readModelFolder(folder);
  const knobs = { name: folder, ...options };
  const parts = refuseFrom(folder, () => trainedParts(model, knobs));
  if (options.engine === "jax" || !(await importOnnxRuntime())) return arbelModel(model, await jaxEngine(), knobs);
  const bytes = onnxBytes(model.architecture, model.parameters);
  const { runtime, inference } = await loadOnnx(bytes, folder, threadsFor(options.threads, bytes.length));
  return decoderModel({ ...parts, session: onnxSession({ runtime, inference, source: folder }) });
};
