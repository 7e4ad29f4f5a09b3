import { atomicWrite } from "./atomic-write.ts";
import { refuseFrom } from "./input-error.ts";
import { readFully, withFile } from "./open-file.ts";
import type { Expected } from "./safetensors-header.ts";
import { readHeader } from "./safetensors-read.ts";
import { type NamedTensor, tensorBytes } from "./tensor-bytes.ts";

/** Numbers of a model, 32-bit floats, and ids that a training run keeps. */
const MODEL: Expected = { dtypes: ["F32", "I32"], repair: 'convert it to "F32"', bare: true };

/** A 32-bit tensor of a file. */
export interface FileTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

/** What a safetensors file of 32-bit tensors holds. */
export interface TensorFile {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: Readonly<Record<string, FileTensor>>;
}

/**
 * Reads a safetensors file of 32-bit floats and whole numbers.
 *
 * @throws InputError, one sentence naming the file, the place and the repair
 */
export const readTensorFile = (path: string): TensorFile =>
  withFile(path, (file, size) => {
    const read = (position: number, out: Uint8Array) => readFully(file, position, out, path);
    const { header, dataStart } = readHeader({ name: path, size, read }, MODEL);
    const tensors = Array.from(header.tensors, ([name, { dtype, shape, begin, end }]): [string, FileTensor] => {
      const size = (end - begin) / 4;
      const data = dtype === "F32" ? new Float32Array(size) : new Int32Array(size);
      // all machines that run this are little-endian, like the file
      read(dataStart + begin, new Uint8Array(data.buffer));
      return [name, { shape, data }];
    });
    return { metadata: header.metadata, tensors: Object.fromEntries(tensors) };
  });

/** Writes a safetensors file whole or not at all. @throws InputError naming the file and the repair */
export const writeTensorFile = (
  path: string,
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>>,
): void => {
  refuseFrom(path, () => atomicWrite(path, tensorBytes(metadata, tensors)));
};
