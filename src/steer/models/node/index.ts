/**
 * Language models from folders, files and servers, for Node.
 *
 * @packageDocumentation
 */
export { loadGrammarEngine } from "../../grammars/node/load-grammar-engine.ts";
export { type GgufOptions, openGguf } from "./gguf/open-gguf.ts";
export { openModel } from "./open-model.ts";
export type { OpenModelOptions } from "./open-model-options.ts";
export { shippedModel } from "./shipped-model.ts";
