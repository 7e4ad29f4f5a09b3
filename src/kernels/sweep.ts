import type { TreeLevel } from "./kernel.ts";
import type { WasmModule, WebAssemblyApi } from "./web-assembly.ts";

declare const WebAssembly: WebAssemblyApi;

/** A depth and what is computed of it. */
export interface SweepTarget {
  readonly level: TreeLevel;
  /** `[rows × actions]`, written; `null` where only soft values are asked for. */
  readonly logits: Float64Array | null;
  /** `[rows]`, written. */
  readonly values: Float64Array;
}

/** One depth of a sweep. */
export interface SweepJob extends SweepTarget {
  /** `[rows × actions]`: rewards; logits where only soft values are asked for. */
  readonly reward: Float64Array;
  /** `[rows × tokens]`, or `null` where every action ends. */
  readonly next: Float64Array | null;
}

/** Sweeps rows through the small memory of one WASM instance. */
export interface Sweep {
  /** Rows that {@link run} takes at a time: a multiple of 4, and all their numbers stay in the second-level cache. */
  readonly rowsPerChunk: (actions: number) => number;
  /**
   * Rows `begin … begin + count − 1` of a depth, at most {@link rowsPerChunk} of them.
   *
   * @param reward where the rows' rewards lie, and in which place
   * @param next where the next depth's values of these rows lie, and in which place
   */
  readonly run: (target: SweepTarget, begin: number, count: number, reward: Source, next: Source | null) => void;
  /** Copies `count` numbers to place `toAt` of another array. */
  readonly copy: (source: Source, count: number, to: Float64Array, toAt: number) => void;
}

/** Numbers in an array, from some place on. */
export interface Source {
  readonly from: Float64Array;
  readonly at: number;
}

/**
 * A sweep over the WASM module of the kernels.
 *
 * The numbers are copied into the module's memory and out again, a chunk at a time. Tables of any size go through it, and as a chunk
 * never leaves the cache, the copies cost less than a tenth of the whole. Threads send this function's text to their
 * workers: it refers to nothing outside itself.
 */
export const createSweep = (module: WasmModule): Sweep => {
  const chunk = 8192;
  const scratchNumbers = 1024;
  const pageNumbers = 8192;
  const memory = new WebAssembly.Memory({ initial: 4 });
  const exports = new WebAssembly.Instance(module, { env: { memory } }).exports as {
    softBellman(...numbers: number[]): void;
    softValues(...numbers: number[]): void;
  };
  let numbers = new Float64Array(memory.buffer);
  const isOrdinary = ({ buffer }: Float64Array) => buffer instanceof ArrayBuffer;
  const reserve = (length: number) => {
    if (length <= numbers.length) return;
    memory.grow(Math.ceil((length - numbers.length) / pageNumbers));
    numbers = new Float64Array(memory.buffer);
  };
  const { Buffer } = globalThis;
  /** Typed arrays copy shared memory word by word, at 0.7 of the speed of Node's `Buffer.fill`. */
  const copy = ({ from, at }: Source, count: number, to: Float64Array, toAt: number) => {
    if (count < 2048 || !Buffer || (isOrdinary(from) && isOrdinary(to))) {
      to.set(from.subarray(at, at + count), toAt);
    } else {
      const source = new Uint8Array(from.buffer, from.byteOffset + 8 * at, 8 * count);
      Buffer.prototype.fill.call(new Uint8Array(to.buffer, to.byteOffset + 8 * toAt, 8 * count), source);
    }
  };
  return {
    copy,
    rowsPerChunk: (actions) => Math.max(4, Math.floor(chunk / actions / 4) * 4),
    run({ level: { tokens, actions }, logits, values }, begin, count, reward, next) {
      // The module takes rows by four: what lies after the last row is swept too, and not read.
      const rows = Math.ceil(count / 4) * 4;
      const arcs = count * actions;
      const logitsAt = 256; // the bytes below 2048 hold the module's constants
      const nextAt = logitsAt + rows * actions;
      const valuesAt = nextAt + (next ? rows * tokens : 0);
      const scratchAt = valuesAt + rows;
      reserve(scratchAt + Math.max(scratchNumbers, 4 * actions) + 8);
      copy(reward, arcs, numbers, logitsAt);
      if (next) {
        copy(next, count * tokens, numbers, nextAt);
        exports.softBellman(rows, tokens, actions, 8 * logitsAt, 8 * nextAt, 8 * valuesAt, 8 * scratchAt);
      } else {
        exports.softValues(rows, actions, 8 * logitsAt, 8 * valuesAt, 8 * scratchAt);
      }
      if (logits) copy({ from: numbers, at: logitsAt }, arcs, logits, begin * actions);
      copy({ from: numbers, at: valuesAt }, count, values, begin);
    },
  };
};
