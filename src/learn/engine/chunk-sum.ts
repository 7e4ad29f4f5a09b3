import { type Tensor, type Tensors, tensor } from "./tensor.ts";

/** At most this many partial sums: as many threads can share the chunks without changing a bit of the result. */
const GROUPS = 8;

/**
 * The consecutive chunks that are summed one after the other, `[first, end)`, before the groups are.
 *
 * They depend on the number of chunks alone, and so does every rounding, whatever the number of threads.
 */
export function chunkGroups(chunks: number): [first: number, end: number][] {
  const groups = Math.min(GROUPS, chunks);
  return Array.from({ length: groups }, (_, group) => [
    Math.floor((group * chunks) / groups),
    Math.floor(((group + 1) * chunks) / groups),
  ]);
}

/** Adds `value` to `total`, in place. */
function addTo(total: Tensor, value: Tensor): void {
  for (let index = 0; index < total.data.length; index++) {
    total.data[index] = (total.data[index] as number) + (value.data[index] as number);
  }
}

/** Adds each tensor to that of the same name, in place. */
export function addAll(totals: Tensors, values: Tensors): void {
  for (const [name, value] of Object.entries(values)) {
    const total = totals[name];
    if (total === undefined) {
      throw new RangeError(`an output "${name}" that the first chunk did not have`);
    }
    addTo(total, value);
  }
}

/** A copy of the tensors that does not share their numbers. */
const copied = (tensors: Tensors): Tensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, { shape, data }]) => [name, tensor(shape, data.slice())]));

/** A sum over chunks that come in order. */
export interface ChunkSum {
  add(outputs: Tensors): void;
  value(): Tensors;
}

/**
 * The sum over chunks, group by group: the reference of what threads must add up to.
 *
 * @throws RangeError if there are no chunks.
 */
export function chunkSum(chunks: number): ChunkSum {
  if (chunks < 1) {
    throw new RangeError("a sum needs at least one chunk");
  }
  const starts = new Set(chunkGroups(chunks).map(([first]) => first));
  const groups: Tensors[] = [];
  let seen = 0;
  return {
    add(outputs) {
      if (starts.has(seen++)) {
        groups.push(copied(outputs));
      } else {
        addAll(groups[groups.length - 1] as Tensors, outputs);
      }
    },
    value() {
      const [total, ...others] = groups as [Tensors, ...Tensors[]];
      for (const other of others) {
        addAll(total, other);
      }
      return total;
    },
  };
}
