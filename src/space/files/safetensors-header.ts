import { InputError, show } from "./input-error.ts";
import { type Fields, listOf, parseFields, wholeOf } from "./json-value.ts";

/** A tensor's place in a safetensors file. */
export interface TensorPlace {
  readonly dtype: keyof typeof BYTES;
  readonly shape: readonly number[];
  /** First byte, and the one after the last, counted from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

/** What the header of a safetensors file says. */
export interface Header {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, TensorPlace>;
}

/** Bytes of the header's length, which begins the file: an unsigned 64-bit integer, little-endian. */
export const LENGTH_BYTES = 8;

/** Longest header that readers of the format accept. */
export const HEADER_LIMIT = 100_000_000;

/** Bytes of one number. */
export const BYTES = { F64: 8, F32: 4, I32: 4 } as const;

/** What a kind of safetensors file holds. */
export interface Expected {
  readonly dtypes: readonly TensorPlace["dtype"][];
  /** What to do about another type. */
  readonly repair: string;
  /** Whether a file may go without metadata. */
  readonly bare: boolean;
}

/** A table: levels and structure. */
const TABLE: Expected = { dtypes: ["F64", "I32"], repair: 'save numbers as "F64" and structure as "I32"', bare: false };

/** The header's length from the first bytes of a file. @throws InputError where the file is too short for it */
export const headerLength = (first: Uint8Array, fileSize: number, source: string): number => {
  if (fileSize < LENGTH_BYTES) {
    throw new InputError(
      `${source}: holds ${fileSize} bytes, too few for a safetensors header: the file is truncated, write it again`,
    );
  }
  const view = new DataView(first.buffer, first.byteOffset, LENGTH_BYTES);
  const length = Number(view.getBigUint64(0, true));
  if (length > HEADER_LIMIT) {
    throw new InputError(
      `${source}: the header's length of ${length} bytes is above the limit of ${HEADER_LIMIT}: is it a safetensors file?`,
    );
  }
  if (length > fileSize - LENGTH_BYTES) {
    throw new InputError(
      `${source}: the header's length is ${length} bytes but ${fileSize - LENGTH_BYTES} follow: ` +
        "the file is truncated or damaged, write it again",
    );
  }
  return length;
};

/**
 * Checks a header: every tensor's type, shape and place, and that together they fill the data without gap or overlap.
 *
 * @param dataSize bytes that follow the header
 * @param expected what such a file holds (default: a table)
 * @throws InputError naming the tensor and the repair
 */
export const parseHeader = (text: string, dataSize: number, source: string, expected: Expected = TABLE): Header => {
  const fields = parseFields(text, `${source}: the header`);
  const { __metadata__: metadata, ...entries } = fields;
  const tensors = new Map<string, TensorPlace>();
  for (const [name, entry] of Object.entries(entries)) {
    tensors.set(name, readPlace(entry, `${source}: tensor ${show(name)}`, dataSize, expected));
  }
  checkContiguous(tensors, dataSize, source);
  const bare = expected.bare && metadata === undefined;
  return { metadata: bare ? {} : readMetadata(metadata, source), tensors };
};

const readMetadata = (value: unknown, source: string): Record<string, string> => {
  const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isRecord || Object.values(value).some((text) => typeof text !== "string")) {
    throw new InputError(
      `${source}: "__metadata__" must be an object of texts that describe the file: add it to the header`,
    );
  }
  return value as Record<string, string>;
};

const readPlace = (entry: unknown, tensor: string, dataSize: number, { dtypes, repair }: Expected): TensorPlace => {
  if (typeof entry !== "object" || entry === null) {
    throw new InputError(`${tensor} must have a dtype, a shape and data_offsets, got ${show(entry)}`);
  }
  const { dtype: type, shape, data_offsets: offsets } = entry as Fields;
  const dtype = dtypes.find((known) => known === type);
  if (dtype === undefined) throw new InputError(`${tensor} has dtype ${show(type)}: ${repair}`);
  const sizes = listOf(shape, "the shape", tensor, undefined, "sizes").map((size, axis) =>
    wholeOf(size, `shape[${axis}]`, tensor, 0, Number.MAX_SAFE_INTEGER),
  );
  const [begin, end] = listOf(offsets, "data_offsets", tensor, 2, "places").map((place, index) =>
    wholeOf(place, `data_offsets[${index}]`, tensor, 0, Number.MAX_SAFE_INTEGER),
  ) as [number, number];
  if (begin > end || end > dataSize) {
    throw new InputError(
      `${tensor} has data_offsets ${begin} to ${end}, but ${dataSize} bytes of data: the file is truncated or damaged`,
    );
  }
  const bytes = sizes.reduce((product, size) => product * size, BYTES[dtype]);
  if (bytes !== end - begin) {
    throw new InputError(
      `${tensor} has data_offsets for ${end - begin} bytes, but its shape [${sizes}] takes ${bytes}: correct one of them`,
    );
  }
  return { dtype, shape: sizes, begin, end };
};

const checkContiguous = (tensors: ReadonlyMap<string, TensorPlace>, dataSize: number, source: string) => {
  let [filled, before] = [0, "the header"];
  const sorted = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  for (const [name, { begin, end }] of sorted) {
    if (begin !== filled) {
      const fault = begin < filled ? "overlaps" : `leaves ${begin - filled} unused bytes after`;
      throw new InputError(`${source}: tensor ${show(name)} ${fault} ${before}: correct the data_offsets`);
    }
    [filled, before] = [end, `tensor ${show(name)}`];
  }
  if (filled !== dataSize) {
    throw new InputError(
      `${source}: ${dataSize - filled} bytes follow the last tensor: the file is damaged, write it again`,
    );
  }
};
