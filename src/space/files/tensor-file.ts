import { atomicWrite } from "./atomic-write.ts";
import { refuseFrom } from "./input-error.ts";
import { readFully, withFile } from "./open-file.ts";
import type { Expected } from "./safetensors-header.ts";
import { readHeader } from "./safetensors-read.ts";
import { type NamedTensor, tensorBytes } from "./tensor-bytes.ts";

/** Numbers of a model, 32-bit floats, and ids that a training run keeps. */
const MODEL: Expected = { dtypes: ["F32", "I32"], repair: 'convert it to "F32"', bare: true };

/** The same with 64-bit floats, which a run in float64 keeps. */
const NUMBERS: Expected = { dtypes: ["F64", "F32", "I32"], repair: "write it again with arbel", bare: true };

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
export const readTensorFile = (path: string): TensorFile => readFile(path, MODEL) as TensorFile;

/** What a safetensors file of tensors of any kind of number holds. */
export interface NumberFile {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: Readonly<Record<string, Omit<NamedTensor, "name">>>;
}

/**
 * Reads a safetensors file of 64-bit or 32-bit floats and whole numbers.
 *
 * @throws InputError, one sentence naming the file, the place and the repair
 */
export const readNumberFile = (path: string): NumberFile => readFile(path, NUMBERS);

const readFile = (path: string, expected: Expected): NumberFile =>
  withFile(path, (file, size) => {
    const read = (position: number, out: Uint8Array) => readFully(file, position, out, path);
    const { header, dataStart } = readHeader({ name: path, size, read }, expected);
    const tensors = Array.from(header.tensors, ([name, place]): [string, Omit<NamedTensor, "name">] => {
      const { dtype, shape, begin, end } = place;
      const data =
        dtype === "F64"
          ? new Float64Array((end - begin) / 8)
          : new (dtype === "F32" ? Float32Array : Int32Array)((end - begin) / 4);
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
