import { tokenizerVocabulary } from "../../vocabulary/tokenizer-vocabulary.ts";
import { decoderModel } from "../decoder/decoder-model.ts";
import type { LanguageModel } from "../language-model.ts";
import { type OnnxSizes, onnxSession } from "./onnx-session.ts";
import type { OnnxInference, OnnxRuntime } from "./runtime.ts";

/** The parsed JSON files of a model's folder in the layout of transformers.js. */
export interface OnnxFolder {
  /** `config.json`. */
  readonly config: unknown;
  /** `generation_config.json`, whose ends count before those of `config.json`. */
  readonly generation?: unknown;
  /** `tokenizer.json`. */
  readonly tokenizer: unknown;
  /** `tokenizer_config.json`. */
  readonly tokenizerConfig?: unknown;
}

/** What {@link onnxModel} is given. */
export interface OnnxModelOptions {
  /** What to call the model. */
  readonly name: string;
  /** `onnxruntime-node` or `onnxruntime-web`. */
  readonly runtime: OnnxRuntime;
  /** `onnx/model.onnx`, loaded by it; the model releases it. */
  readonly inference: OnnxInference;
  readonly folder: OnnxFolder;
  /** Memory for keys and values that may be used again, in bytes. Default: 256 MiB. */
  readonly cacheBytes?: number;
}

/** What configurations say about tokens and positions. */
interface Config extends OnnxSizes {
  readonly eos_token_id?: number | readonly number[] | null;
  readonly bos_token_id?: number | null;
  readonly max_position_embeddings?: number;
  readonly n_positions?: number;
  /** Of models that `arbel train` made. */
  readonly arbel?: { readonly tokens: readonly string[] };
}

/**
 * A language model in the layout of transformers.js, by ONNX Runtime, in Node or in a browser; `openModel` of `arbel/steer/node`
 * reads the files.
 *
 * Keys and values of contexts are kept, so that contexts that begin alike share that work.
 *
 * @throws InputError where a file is of another kind, or the tokenizer is another model's
 */
export const onnxModel = (options: OnnxModelOptions): LanguageModel => {
  const { name, runtime, inference, folder, cacheBytes } = options;
  const config = (folder.config ?? {}) as Config;
  const generation = (folder.generation ?? {}) as Config;
  const session = onnxSession({ runtime, inference, sizes: config, source: name });
  // our own models of text have no token for the end: there the end of a line is it
  const line = config.arbel?.tokens.indexOf("\n") ?? -1;
  const ends = [generation.eos_token_id ?? config.eos_token_id ?? (line < 0 ? [] : line)].flat();
  const begin = generation.bos_token_id ?? config.bos_token_id ?? undefined;
  const vocabulary = tokenizerVocabulary(
    { tokenizer: folder.tokenizer, config: folder.tokenizerConfig, source: `${name}: tokenizer.json` },
    { size: session.vocabulary, ...(ends.length > 0 ? { ends } : {}), ...(begin === undefined ? {} : { begin }) },
  );
  return decoderModel({
    name,
    vocabulary,
    session,
    context: config.max_position_embeddings ?? config.n_positions ?? Infinity,
    ...(cacheBytes === undefined ? {} : { cacheBytes }),
  });
};
