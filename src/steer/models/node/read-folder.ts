import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { readText } from "../../../space/files/index.ts";
import { InputError } from "../../../space/index.ts";
import type { HttpModelOptions } from "../http/http-model.ts";

/** The content of a JSON file of a folder. @throws InputError where it is not there, unless it is optional, or not JSON */
export const readJson = (folder: string, name: string, isOptional = false): unknown => {
  const path = join(folder, name);
  if (isOptional && !existsSync(path)) return;
  const text = readText(path);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(`${path}: is not JSON (${(error as Error).message}): write it again`, { cause: error });
  }
};

/** The tokenizer of a `tokenizer.json`, or of a folder, and the ends that the model's own files beside it name. */
export const readTokenizer = (path: string): Pick<HttpModelOptions, "tokenizer" | "ends"> => {
  const isFile = path.endsWith(".json");
  const [folder, name] = isFile ? [dirname(path), basename(path)] : [path, "tokenizer.json"];
  const config = readJson(folder, "tokenizer_config.json", true);
  const tokenizer = { tokenizer: readJson(folder, name), source: join(folder, name), ...(config ? { config } : {}) };
  const named = ["generation_config.json", "config.json"]
    .map(
      (file) =>
        (readJson(folder, file, true) as { readonly eos_token_id?: number | number[] } | undefined)?.eos_token_id,
    )
    .find((ends) => ends !== undefined && ends !== null);
  return { tokenizer, ...(named === undefined ? {} : { ends: [named].flat() }) };
};
