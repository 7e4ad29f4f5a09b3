/**
 * Trained models, checkpoints and runs on disk, for Node.
 *
 * @packageDocumentation
 */
export {
  type Checkpoint,
  type NumberCheckpoint,
  readCheckpoint,
  readNumberCheckpoint,
  writeCheckpoint,
} from "./checkpoint.ts";
export { parseMasses } from "./masses.ts";
export type { ModelDescription } from "./model-config.ts";
export { type FolderModel, readModelFolder, writeModel, writeOnnxFolder } from "./model-folder.ts";
export { onnxModel } from "./onnx-export.ts";
export {
  beginRun,
  checkNewRun,
  type LogEntry,
  openRun,
  type RunFolder,
  type RunOptions,
  sha256,
} from "./run-folder.ts";
