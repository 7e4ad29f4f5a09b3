import { existsSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../../../space/index.ts";
import type { LanguageModel } from "../language-model.ts";
import { onnxModel } from "../onnx/onnx-model.ts";
import { loadOnnx } from "./onnx-runtime.ts";
import type { OpenModelOptions } from "./open-model-options.ts";
import { readJson } from "./read-folder.ts";
import { sizeOfFile, threadsFor } from "./threads-for.ts";

/** Where transformers.js looks for a model's graph, the one with all of its precision first. */
export const onnxFileOf = (folder: string): string | undefined =>
  [join("onnx", "model.onnx"), "model.onnx"].map((name) => join(folder, name)).find(existsSync);

/** Opens a folder in the layout of transformers.js. */
export const openOnnxFolder = async (folder: string, options: OpenModelOptions): Promise<LanguageModel> => {
  const file = onnxFileOf(folder);
  if (file === undefined) throw new InputError(`${folder}: has no onnx/model.onnx`);
  const files = {
    config: readJson(folder, "config.json"),
    generation: readJson(folder, "generation_config.json", true),
    tokenizer: readJson(folder, "tokenizer.json"),
    tokenizerConfig: readJson(folder, "tokenizer_config.json", true),
  };
  const { runtime, inference } = await loadOnnx(file, file, threadsFor(options.threads, sizeOfFile(file)));
  try {
    const { cacheBytes } = options;
    return onnxModel({
      name: folder,
      runtime,
      inference,
      folder: files,
      ...(cacheBytes === undefined ? {} : { cacheBytes }),
    });
  } catch (error) {
    await inference.release();
    throw error;
  }
};
