import type { DepthSweep, DepthTarget } from "./kernel.ts";
import type { WasmModule, WebAssemblyApi } from "./web-assembly.ts";

declare const WebAssembly: WebAssemblyApi;

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
  readonly run: (target: DepthTarget, begin: number, count: number, reward: Source, next: Source | null) => void;
  /**
   * All descendants, down to the deepest depth, of `step` rows of the shallowest: those from row `part · step` on.
   *
   * @param depths from the deepest to the shallowest, each with the values of the one before it as `next`
   */
  readonly runPart: (depths: readonly DepthSweep[], step: number, part: number) => void;
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
  const rowsPerChunk = (actions: number) => Math.max(4, Math.floor(chunk / actions / 4) * 4);
  const run: Sweep["run"] = ({ level: { tokens, actions }, logits, values }, begin, count, reward, next) => {
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
  };
  const runPart: Sweep["runPart"] = (depths, step, part) => {
    const { rows } = (depths[depths.length - 1] as DepthSweep).level;
    for (const depth of depths) {
      const { level, reward, next } = depth;
      const descendants = level.rows / rows;
      const most = rowsPerChunk(level.actions);
      const end = Math.min(level.rows, (part + 1) * step * descendants);
      for (let begin = part * step * descendants; begin < end; begin += most) {
        const nextValues = next && { from: next, at: begin * level.tokens };
        run(depth, begin, Math.min(most, end - begin), { from: reward, at: begin * level.actions }, nextValues);
      }
    }
  };
  return { copy, rowsPerChunk, run, runPart };
};
