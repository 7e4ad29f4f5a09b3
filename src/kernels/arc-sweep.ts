import type { ArcRows } from "./kernel.ts";
import type { WasmModule, WebAssemblyApi } from "./web-assembly.ts";

declare const WebAssembly: WebAssemblyApi;

/** Arcs of a chunk, unless a row is longer: with what belongs to them they stay in the second-level cache. */
const CHUNK = 2 ** 14;
/** The module's constants, at 1024, end before this address. */
const FIRST = 2048;
const PAGE = 2 ** 16;

/** One depth of M on a layer of rows. */
export type ArcSweep = (
  rows: ArcRows,
  reward: Float64Array,
  next: Float64Array | null,
  logits: Float64Array | null,
  values: Float64Array,
) => void;

/** Where a chunk's numbers lie in the module's memory, in bytes; all multiples of 8. */
interface Places {
  readonly next: number;
  readonly offsets: number;
  readonly targets: number;
  readonly logits: number;
  readonly values: number;
  readonly sums: number;
  readonly scratch: number;
  readonly end: number;
}

const placesOf = (nextStates: number, states: number, arcs: number): Places => {
  let at = FIRST;
  const take = (bytes: number) => {
    const place = at;
    at += 8 * Math.ceil(bytes / 8);
    return place;
  };
  take(8); // the 0 that stands for the end
  const next = take(8 * nextStates);
  const offsets = take(4 * (states + 1));
  const targets = take(4 * arcs);
  const logits = take(8 * arcs);
  // logarithms are taken four at a time, exponentials eight
  const [values, sums, scratch] = [take(8 * (states + 3)), take(8 * (states + 3)), take(8 * (arcs + 7))];
  return { next, offsets, targets, logits, values, sums, scratch, end: at };
};

/** A sweep of layers over one instance of the kernels' module, a chunk of rows at a time. */
export const createArcSweep = (module: WasmModule): ArcSweep => {
  const memory = new WebAssembly.Memory({ initial: 4 });
  const { softBellmanArcs } = new WebAssembly.Instance(module, { env: { memory } }).exports as {
    softBellmanArcs(...numbers: number[]): void;
  };
  let numbers = new Float64Array(memory.buffer);
  let indices = new Int32Array(memory.buffer);
  const reserve = (bytes: number) => {
    if (bytes <= numbers.byteLength) return;
    memory.grow(Math.ceil((bytes - numbers.byteLength) / PAGE));
    numbers = new Float64Array(memory.buffer);
    indices = new Int32Array(memory.buffer);
  };
  return ({ offsets, targets }, reward, next, logits, values) => {
    const states = offsets.length - 1;
    for (let begin = 0; begin < states; ) {
      const end = endOfChunk(offsets, begin);
      const [first, last] = [offsets[begin] as number, offsets[end] as number];
      const places = placesOf(next?.length ?? 0, end - begin, last - first);
      reserve(places.end);
      numbers[places.next / 8 - 1] = 0;
      if (next && begin === 0) numbers.set(next, places.next / 8);
      for (let row = begin; row <= end; row++)
        indices[places.offsets / 4 + row - begin] = (offsets[row] as number) - first;
      if (next) indices.set(targets.subarray(first, last), places.targets / 4);
      numbers.set(reward.subarray(first, last), places.logits / 8);
      const added = next ? places.targets : 0;
      const { offsets: rows, logits: q, next: ahead, values: v, scratch, sums } = places;
      softBellmanArcs(end - begin, rows, added, q, ahead, v, scratch, sums);
      logits?.set(numbers.subarray(q / 8, q / 8 + last - first), first);
      values.set(numbers.subarray(v / 8, v / 8 + end - begin), begin);
      begin = end;
    }
  };
};

/** The row after a chunk's last: as many rows as hold at most {@link CHUNK} arcs, and as many states; at least one. */
const endOfChunk = (offsets: Int32Array, begin: number): number => {
  const limit = (offsets[begin] as number) + CHUNK;
  const most = Math.min(offsets.length - 1, begin + CHUNK);
  let end = begin + 1;
  while (end < most && (offsets[end + 1] as number) <= limit) end++;
  return end;
};
