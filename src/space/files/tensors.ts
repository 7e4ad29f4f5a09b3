import { InputError, show } from "./input-error.ts";
import { BYTES, type Header, type TensorPlace } from "./safetensors-header.ts";

/** Bytes that can be read piece by piece: a file, or what is in memory. */
export interface ByteSource {
  /** What error messages call it. */
  readonly name: string;
  /** Number of bytes. */
  readonly size: number;
  /** Fills `out` with the bytes from `position` on. */
  read(position: number, out: Uint8Array): void;
}

/** The tensors of an open file: each is read when asked for, straight into its array. */
export interface Tensors {
  readonly source: string;
  readonly has: (name: string) => boolean;
  /** The shape of a tensor whose type is checked. */
  readonly shapeOf: (name: string, dtype: TensorPlace["dtype"]) => readonly number[];
  /** @param make the array that is filled; an ordinary one by default */
  readonly float64: (name: string, shape: readonly number[], make?: (length: number) => Float64Array) => Float64Array;
  readonly int32: (name: string, shape: readonly number[]) => Int32Array;
  /** Refuses tensors that nobody asked for. */
  readonly checkAllUsed: () => void;
}

/** The tensors of a file whose header is checked. */
export const openTensors = (bytes: ByteSource, { tensors }: Header, dataStart: number): Tensors => {
  const { name: source } = bytes;
  const used = new Set<string>();
  const placeOf = (name: string, dtype: TensorPlace["dtype"]): TensorPlace => {
    const place = tensors.get(name);
    if (!place) throw new InputError(`${source}: tensor "${name}" is missing: add it, with dtype ${dtype}`);
    if (place.dtype !== dtype) {
      throw new InputError(`${source}: tensor "${name}" has dtype "${place.dtype}": save it as "${dtype}"`);
    }
    return place;
  };
  const read = <A extends Float64Array | Int32Array>(
    name: string,
    dtype: TensorPlace["dtype"],
    shape: readonly number[],
    allocate: (length: number) => A,
  ): A => {
    const place = placeOf(name, dtype);
    if (place.shape.join() !== shape.join()) {
      throw new InputError(
        `${source}: tensor "${name}" has shape [${place.shape}], but [${shape}] is expected: correct it`,
      );
    }
    const array = allocate((place.end - place.begin) / BYTES[dtype]);
    // all machines that run this are little-endian, like the file
    bytes.read(dataStart + place.begin, new Uint8Array(array.buffer));
    used.add(name);
    return array;
  };
  return {
    source,
    has: (name) => tensors.has(name),
    shapeOf: (name, dtype) => placeOf(name, dtype).shape,
    float64: (name, shape, make = (length) => new Float64Array(length)) => read(name, "F64", shape, make),
    int32: (name, shape) => read(name, "I32", shape, (length) => new Int32Array(length)),
    checkAllUsed: () => {
      const unknown = [...tensors.keys()].find((name) => !used.has(name));
      if (unknown === undefined) return;
      throw new InputError(`${source}: tensor ${show(unknown)} is not part of such a table: remove it`);
    },
  };
};
