import type { Kernel } from "./kernel.ts";
import { reference } from "./reference.ts";
import { threaded } from "./threads.ts";
import { wasm, wasmRuns } from "./wasm.ts";
import { availableThreads } from "./worker-pool.ts";

export type { DepthSweep, Kernel } from "./kernel.ts";
export { logSumExp, logSumExpRange } from "./log-sum-exp.ts";

/** How a sweep is computed. */
export interface KernelOptions {
  /** `"reference"` is plain TypeScript, `"wasm"` SIMD; by default the faster for the tree's size. */
  readonly kernel?: "reference" | "wasm";
  /**
   * Threads of the WASM kernel, the calling one included; by default as many as pay for the tree's size, up to the number of
   * cores. Results do not depend on it. Browsers and Node before 20.16 use one.
   */
  readonly threads?: number;
}

/** Trees with fewer arcs are swept faster by the reference: the module is compiled, at first optimised badly, and called. */
const WASM_ARCS = 2 ** 12;
/** Trees with fewer arcs are swept as fast by one thread. */
const THREADED_ARCS = 2 ** 19;

/**
 * The kernel for a tree with so many arcs, or an automaton whose first depth has so many.
 *
 * @throws RangeError where `options.kernel` is not a kernel or `options.threads` is not a whole number ≥ 1
 */
export const kernelFor = (arcs: number, { kernel, threads }: KernelOptions): Kernel => {
  if (kernel !== undefined && kernel !== "reference" && kernel !== "wasm") {
    throw new RangeError(`"kernel" must be "reference" or "wasm", got ${JSON.stringify(kernel)}`);
  }
  if (threads !== undefined && !(Number.isSafeInteger(threads) && threads >= 1)) {
    throw new RangeError(`"threads" must be a whole number ≥ 1, got ${String(threads)}`);
  }
  const chosen = kernel ?? (arcs >= WASM_ARCS && wasmRuns() ? "wasm" : "reference");
  if (chosen === "reference") return reference;
  const used = threads ?? (arcs >= THREADED_ARCS ? availableThreads() : 1);
  return used > 1 ? threaded(used) : wasm;
};
