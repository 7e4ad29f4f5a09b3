import { existsSync, statSync } from "node:fs";
import { InputError } from "../../../space/index.ts";
import { endingWith } from "../../vocabulary/ending-with.ts";
import { httpModel } from "../http/http-model.ts";
import type { LanguageModel } from "../language-model.ts";
import { openGguf } from "./gguf/open-gguf.ts";
import { keyFor } from "./key-for.ts";
import { hasWeights, isArbelFolder, openArbelFolder } from "./open-arbel.ts";
import type { OpenModelOptions } from "./open-model-options.ts";
import { onnxFileOf, openOnnxFolder } from "./open-onnx.ts";
import { readTokenizer } from "./read-folder.ts";

/**
 * Opens a language model: a folder that `arbel train` wrote, a folder in the layout of transformers.js (`onnx/model.onnx`), a
 * `.gguf` file, or the address of a server.
 *
 * A server's key is that of the environment variable `ARBEL_API_KEY`, or for api.openai.com of `OPENAI_API_KEY`.
 *
 * @throws InputError where it is none of these, a file is damaged, the tokenizer is another model's, or an optional package is not
 * installed; ServerError where a server does not answer as it should
 * @example
 * ```ts
 * import { openModel, shippedModel } from "arbel/steer/node";
 * const model = await openModel(shippedModel());
 * const context = await model.vocabulary.encode("The white ");
 * const [row] = await model.next([context]);
 * console.log(row?.missing, model.usage().calls); // 0, 1
 * await model.dispose();
 * ```
 */
export const openModel = async (pathOrUrl: string, options: OpenModelOptions = {}): Promise<LanguageModel> => {
  const isAddress = /^[a-z][a-z0-9+.-]*:\/\//i.test(pathOrUrl);
  const model = await (isAddress ? openServer(pathOrUrl, options) : openPath(pathOrUrl, options));
  const { ends } = options;
  if (!ends) return model;
  try {
    return { ...model, vocabulary: endingWith(model.vocabulary, ends) };
  } catch (error) {
    await model.dispose();
    throw new InputError(`${pathOrUrl}: ${(error as Error).message}`, { cause: error });
  }
};

const openServer = (url: string, { tokenizer, server }: OpenModelOptions): Promise<LanguageModel> =>
  httpModel(url, {
    ...server,
    key: keyFor(url, process.env),
    ...(tokenizer === undefined ? {} : readTokenizer(tokenizer)),
  });

const openPath = (path: string, options: OpenModelOptions): Promise<LanguageModel> => {
  if (!existsSync(path)) {
    throw new InputError(`${path}: is not there: name a folder, a .gguf file or the address of a server`);
  }
  if (!statSync(path).isDirectory()) {
    if (path.endsWith(".gguf")) return openGguf(path, options);
    throw new InputError(`${path}: is of no known format: name a folder, a .gguf file or the address of a server`);
  }
  if (isArbelFolder(path)) return openArbelFolder(path, options);
  if (onnxFileOf(path) !== undefined) return openOnnxFolder(path, options);
  // refused with the reason: another library's weights, or a config.json that is missing
  if (hasWeights(path)) return openArbelFolder(path, options);
  throw new InputError(
    `${path}: is no model: it has neither model.safetensors, as arbel train writes it, nor onnx/model.onnx`,
  );
};
