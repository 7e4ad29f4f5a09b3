export { type ArbelModelOptions, arbelModel, type TrainedModel } from "./arbel/arbel-model.ts";
export type { DecoderRowsOptions } from "./decoder/decoder-rows.ts";
export { type HttpModelOptions, httpModel } from "./http/http-model.ts";
export type { RequestOptions } from "./http/requester.ts";
export { ServerError } from "./http/server-error.ts";
export type { LanguageModel, NextTokens, Usage } from "./language-model.ts";
export { type OnnxFolder, type OnnxModelOptions, onnxModel } from "./onnx/onnx-model.ts";
export type { OnnxInference, OnnxRuntime, OnnxTensor, OnnxValue } from "./onnx/runtime.ts";
export { type TableModelOptions, tableModel } from "./table-model.ts";
