/**
 * Tables on disk, for Node: reading and writing whole files.
 *
 * @packageDocumentation
 */
export { atomicWrite, checkTarget } from "./atomic-write.ts";
export { formatOf, readTable, writeTable } from "./disk.ts";
export { makeFolder } from "./folder.ts";
export { InputError, refuseFrom } from "./input-error.ts";
export type { NamedTensor } from "./tensor-bytes.ts";
export {
  type FileTensor,
  type NumberFile,
  readNumberFile,
  readTensorFile,
  type TensorFile,
  writeTensorFile,
} from "./tensor-file.ts";
export { appendText, readBytes, readText, writeText } from "./text-file.ts";
