import { type ArcSweep, createArcSweep } from "./arc-sweep.ts";
import type { DepthSweep, Kernel } from "./kernel.ts";
import { reference } from "./reference.ts";
import { sweepModule } from "./sweep.generated.ts";
import { createSweep, type Sweep } from "./sweep.ts";
import type { WasmModule, WebAssemblyApi } from "./web-assembly.ts";

declare const WebAssembly: WebAssemblyApi;

/** A row wider than this, in actions, is left to the reference: four of them would not stay in any cache. */
const WIDEST_ROW = 2 ** 17;

let compiled: WasmModule | undefined;
let shared: Sweep | undefined;
let arcSweep: ArcSweep | undefined;

/** The compiled module of the kernels, compiled at its first use. */
export const wasmModule = (): WasmModule => {
  compiled ??= new WebAssembly.Module(Uint8Array.from(atob(sweepModule), (letter) => letter.charCodeAt(0)));
  return compiled;
};

/** The calling thread's sweep, made at its first use. */
export const ownSweep = (): Sweep => {
  shared ??= createSweep(wasmModule());
  return shared;
};

/** Whether this engine can run the module: SIMD came to browsers between 2021 and 2023. */
export const wasmRuns = (): boolean => {
  try {
    ownSweep();
    return true;
  } catch {
    return false;
  }
};

/** All rows of a depth on the calling thread. */
export const sweepRows = (depth: DepthSweep): void => ownSweep().runPart([depth], depth.level.rows, 0);

/** How a kernel sweeps the depths of a tree that have no wide rows. */
interface TreeSweeps {
  readonly depth: (depth: DepthSweep) => void;
  readonly tree: Kernel["softBellmanTree"];
}

/** A kernel with these sweeps; a tree with too wide rows is swept by the reference. */
export const kernelOf = ({ depth, tree }: TreeSweeps): Kernel => ({
  softBellman(level, reward, next, logits, values) {
    if (level.actions > WIDEST_ROW) reference.softBellman(level, reward, next, logits, values);
    else depth({ level, reward, next, logits, values });
  },
  softBellmanTree(last, others) {
    if (last.level.actions > WIDEST_ROW) reference.softBellmanTree(last, others);
    else tree(last, others);
  },
  softValues(level, logits, values) {
    if (level.actions > WIDEST_ROW) reference.softValues(level, logits, values);
    else depth({ level, reward: logits, next: null, logits: null, values });
  },
  softBellmanArcs(rows, reward, next, logits, values) {
    arcSweep ??= createArcSweep(wasmModule());
    arcSweep(rows, reward, next, logits, values);
  },
});

/** The WASM SIMD kernel on the calling thread. */
export const wasm: Kernel = kernelOf({
  depth: sweepRows,
  tree: (last, others) => {
    sweepRows(last);
    for (const depth of others()) sweepRows(depth);
  },
});
