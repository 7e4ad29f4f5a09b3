import type { Worker } from "node:worker_threads";
import { createSweep } from "./sweep.ts";
import { wasmModule } from "./wasm.ts";
import { CONTROL, SLOT, SLOT_NUMBERS, SLOTS, serve, type WorkerStart } from "./worker.ts";

/** A worker thread that sweeps chunks, and what is shared with it. */
export interface Helper {
  readonly worker: Worker;
  readonly control: Int32Array;
  readonly slots: Float64Array;
  /** The slot that is filled next. */
  turn: number;
}

type NodeThreads = typeof import("node:worker_threads");

/** Started at the first need, kept for the next. */
let helpers: Helper[] = [];
/** Whether a thread could not be started: no other is tried. */
let refused = false;

/** Node's threads, if this is a Node that gives them to code that also runs in browsers (≥ 20.16). */
const nodeThreads = (): NodeThreads | undefined => globalThis.process?.getBuiltinModule?.("node:worker_threads");

/** Threads worth using here: Node's cores; 1 in a browser, whose main thread must not wait, and in a Node before 20.16. */
export const availableThreads = (): number =>
  nodeThreads() ? process.getBuiltinModule("node:os").availableParallelism() : 1;

/**
 * At most `count` workers. Missing ones are started, up to a core each less the caller's, and take part once they are
 * ready: nobody waits for them.
 */
export const helpersOf = (count: number): readonly Helper[] => {
  const node = nodeThreads();
  const most = Math.min(count, availableThreads() - 1);
  try {
    while (node && !refused && helpers.length < most) helpers.push(start(node));
  } catch {
    refused = true; // for instance by Node's permission model
  }
  return helpers.slice(0, count);
};

/** Whether a worker takes chunks. */
export const isReady = ({ control }: Helper): boolean => Atomics.load(control, CONTROL.READY) === 1;

const start = ({ Worker }: NodeThreads): Helper => {
  const control = new Int32Array(new SharedArrayBuffer(4 * (CONTROL.SLOTS + SLOTS)));
  control.fill(SLOT.EMPTY, CONTROL.SLOTS);
  const slots = new Float64Array(new SharedArrayBuffer(8 * SLOTS * SLOT_NUMBERS));
  const receive = "() => receiveMessageOnPort(parentPort).message";
  const source = `const { parentPort, receiveMessageOnPort, workerData } = require("node:worker_threads");
    (${serve})(workerData, ${createSweep}, ${JSON.stringify(CONTROL)}, ${JSON.stringify(SLOT)}, ${receive});`;
  const workerData: WorkerStart = { module: wasmModule(), control, slots };
  const resourceLimits = { maxOldGenerationSizeMb: 64 }; // it uses 4; see giveBack in worker.ts
  const worker = new Worker(source, { eval: true, workerData, execArgv: [], name: "arbel", resourceLimits });
  const helper: Helper = { worker, control, slots, turn: 0 };
  worker.on("error", () => {
    refused = true;
    forget(helper);
  });
  worker.unref(); // a thread at rest does not keep the process alive
  return helper;
};

/** Uses a worker no more. */
export const forget = (helper: Helper): void => {
  helpers = helpers.filter((other) => other !== helper);
  void helper.worker.terminate();
};
