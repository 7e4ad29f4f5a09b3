export { type OnnxEngineOptions, onnxEngine } from "./onnx-engine.ts";
