import type { Space } from "./space.ts";

/** Depths of trees with fewer arcs are swept by one thread: their numbers need not be shared. */
const SHARED_ARCS = 2 ** 17;

/** What V8 counts in place of shared memory; see {@link sharedZeros}. */
const weights = new WeakMap<SharedArrayBuffer, ArrayBuffer>();

/** A resizable buffer, which is pages of its own: those that nobody writes to take no memory. */
const Untouched = ArrayBuffer as new (bytes: number, options: { maxByteLength: number }) => ArrayBuffer;

/** Zeros for one depth of a table, one per arc, in the memory that {@link emptyLevels} says. */
export const emptyLevel = (space: Space, depth: number): Float64Array =>
  zeros(space.layer(depth).arcs, isShared(space, depth));

/** Zeros for the values of one depth, one per state, in the same memory as {@link emptyLevel}. */
export const emptyValues = (space: Space, depth: number): Float64Array =>
  zeros(space.layer(depth).states, isShared(space, depth));

/** Only trees are swept by threads, and only Node has threads that may wait for each other. */
const isShared = (space: Space, depth: number): boolean =>
  space.kind === "tree" && space.layer(depth).arcs >= SHARED_ARCS && globalThis.process?.versions?.node !== undefined;

const zeros = (length: number, shared: boolean) => (shared ? sharedZeros(length) : new Float64Array(length));

/**
 * Zeros in memory that threads share.
 *
 * V8 leaves such memory out when it decides whether to collect garbage: tables made and dropped in a loop filled the machine.
 * So each array has an ordinary buffer of its size beside it, which dies with it.
 */
const sharedZeros = (length: number): Float64Array => {
  const bytes = 8 * length;
  const weight = new Untouched(bytes, { maxByteLength: bytes });
  const shared = new SharedArrayBuffer(bytes);
  weights.set(shared, weight);
  return new Float64Array(shared);
};
