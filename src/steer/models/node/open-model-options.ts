import type { ArbelModelOptions } from "../arbel/arbel-model.ts";
import type { HttpModelOptions } from "../http/http-model.ts";
import type { GgufOptions } from "./gguf/open-gguf.ts";

/** Knobs of {@link openModel}; each kind of model takes those it knows. */
export interface OpenModelOptions extends Omit<ArbelModelOptions, "name" | "ends">, GgufOptions {
  /** Texts of the tokens that end a response. Default: what the model says; of a model of text by `arbel train`, the end of a line. */
  readonly ends?: readonly string[];
  /** Threads of one operation; 0: one a core. Default: 1 for models of less than 64 MiB, else one a core. */
  readonly threads?: number;
  /** Runs folders that `arbel train` wrote on jax-js, though ONNX Runtime is installed. */
  readonly engine?: "onnx" | "jax";
  /** Of a server: how it is spoken to. The key is read from the environment, not given here. */
  readonly server?: Omit<HttpModelOptions, "key" | "tokenizer" | "ends">;
  /** Of a server: the `tokenizer.json` of its model, or the folder that holds it. */
  readonly tokenizer?: string;
}
