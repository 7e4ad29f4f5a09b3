import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  atomicWrite,
  makeFolder,
  readTensorFile,
  readText,
  writeTensorFile,
  writeText,
} from "../../space/files/index.ts";
import type { Tensors } from "../engine/tensor.ts";
import { parameterShapes, positionsOf } from "../models/architecture.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { parseTokenizer, tokenizerConfig, tokenizerJson } from "../text/tokenizer-json.ts";
import { checkShapes } from "./checkpoint.ts";
import { generationConfig, type ModelDescription, modelConfig, parseConfig } from "./model-config.ts";
import { onnxModel } from "./onnx-export.ts";

/** A trained model as its folder holds it. */
export interface FolderModel extends ModelDescription {
  readonly parameters: Tensors;
  /** Of a model of text. */
  readonly tokenizer?: Tokenizer;
}

/** Names of a model folder's files. */
const FILES = {
  config: "config.json",
  generation: "generation_config.json",
  weights: "model.safetensors",
  tokenizer: "tokenizer.json",
  tokenizerConfig: "tokenizer_config.json",
} as const;

/**
 * Writes a model's folder as Hugging Face's `LlamaForCausalLM` reads it: `config.json`, `model.safetensors` (F32),
 * `generation_config.json`, and for a model of text `tokenizer.json` and `tokenizer_config.json`.
 *
 * @throws InputError naming the file and the repair, where the system refuses
 */
export const writeModel = (folder: string, model: FolderModel): void => {
  makeFolder(folder);
  const list = Object.keys(parameterShapes(model.architecture)).map((name) => {
    const { shape, data } = model.parameters[name] as Tensors[string];
    return { name, shape, data };
  });
  writeTensorFile(join(folder, FILES.weights), list, { format: "pt" });
  writeDescription(folder, model);
};

const writeDescription = (folder: string, model: FolderModel): void => {
  const write = (name: string, content: unknown) =>
    writeText(join(folder, name), `${JSON.stringify(content, null, 2)}\n`);
  write(FILES.config, modelConfig(model));
  if (model.architecture.kind === "arm") write(FILES.generation, generationConfig(model));
  if (!model.tokenizer) return;
  write(FILES.tokenizer, tokenizerJson(model.tokenizer));
  write(FILES.tokenizerConfig, tokenizerConfig(positionsOf(model.architecture)));
};

/**
 * Reads a folder that {@link writeModel} wrote.
 *
 * @throws InputError, one sentence naming the file, the place and the repair
 */
export const readModelFolder = (folder: string): FolderModel => {
  const path = join(folder, FILES.config);
  const description = parseConfig(readText(path), path);
  const weights = join(folder, FILES.weights);
  const shapes = parameterShapes(description.architecture);
  const parameters = checkShapes(weights, readTensorFile(weights).tensors, shapes, "config.json asks for");
  const tokenizer = join(folder, FILES.tokenizer);
  if (!existsSync(tokenizer)) return { ...description, parameters };
  return { ...description, parameters, tokenizer: parseTokenizer(readText(tokenizer), tokenizer) };
};

/** Writes an ARM's folder as transformers.js reads it from disk: `onnx/model.onnx` and the same JSON files. */
export const writeOnnxFolder = (folder: string, model: FolderModel): void => {
  const bytes = onnxModel(model.architecture, model.parameters);
  makeFolder(join(folder, "onnx"));
  atomicWrite(join(folder, "onnx", "model.onnx"), [bytes]);
  writeDescription(folder, model);
};
