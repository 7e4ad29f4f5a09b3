import { HEADER_LIMIT, LENGTH_BYTES } from "./safetensors-header.ts";

/** A tensor of a safetensors file. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float64Array | Float32Array | Int32Array;
}

/**
 * The bytes of a safetensors file, in pieces: the header, then each array as it is, without a copy.
 *
 * @param tensors in the order of the file; 8-byte numbers before others, as they must stay aligned
 * @throws RangeError where there are too many tensors for the format's header
 */
export function* tensorBytes(
  metadata: Readonly<Record<string, string>>,
  tensors: readonly NamedTensor[],
): Generator<Uint8Array> {
  yield headerBytes(metadata, tensors);
  for (const { data } of tensors) yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

const headerBytes = (metadata: Readonly<Record<string, string>>, tensors: readonly NamedTensor[]): Uint8Array => {
  const header: [string, unknown][] = [["__metadata__", metadata]];
  let offset = 0;
  for (const { name, shape, data } of tensors) {
    const dtype = data instanceof Float64Array ? "F64" : data instanceof Float32Array ? "F32" : "I32";
    header.push([name, { dtype, shape, data_offsets: [offset, offset + data.byteLength] }]);
    offset += data.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  // spaces after the header keep the data 8-byte aligned in the file
  const length = Math.ceil(text.length / 8) * 8;
  if (length > HEADER_LIMIT) {
    throw new RangeError(
      `a header for ${tensors.length} tensors would take ${length} bytes, the limit is ${HEADER_LIMIT}: ` +
        "lower the horizon or the number of layers",
    );
  }
  const bytes = new Uint8Array(LENGTH_BYTES + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, LENGTH_BYTES);
  return bytes;
};
