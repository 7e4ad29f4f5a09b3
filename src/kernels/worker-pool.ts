import type { MessagePort, Worker } from "node:worker_threads";
import { createSweep } from "./sweep.ts";
import { wasmModule } from "./wasm.ts";
import { CONTROL, SLOTS, serve } from "./worker.ts";

/** A worker thread that sweeps chunks, and what is shared with it. */
export interface Helper {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly control: Int32Array;
  /** Its slots' numbers. */
  inbox: Float64Array;
  /** The slot that is filled next. */
  slot: number;
}

type NodeThreads = typeof import("node:worker_threads");

/** More threads than this are not used. */
const MOST_THREADS = 64;

/** Started at the first need, kept for the next. */
let helpers: Helper[] = [];
/** Whether a thread could not be started: no other is tried. */
let refused = false;

/** Node's threads, if this is a Node that gives them to code that also runs in browsers (≥ 20.16). */
const nodeThreads = (): NodeThreads | undefined => globalThis.process?.getBuiltinModule?.("node:worker_threads");

/** Whether this engine has threads for the kernel. */
export const hasThreads = (): boolean => nodeThreads() !== undefined;

/** Threads worth using here: Node's cores; 1 in a browser, whose main thread must not wait, and in a Node before 20.16. */
export const availableThreads = (): number => {
  if (!hasThreads()) return 1;
  return Math.min(MOST_THREADS, process.getBuiltinModule("node:os").availableParallelism());
};

/**
 * The workers that are ready, at most `count`. Missing ones are started and join a later depth: nobody waits for them, and
 * one that cannot start is never waited for.
 */
export const readyHelpers = (count: number): Helper[] => {
  const node = nodeThreads();
  if (!node) return [];
  try {
    while (!refused && helpers.length < Math.min(count, MOST_THREADS - 1)) helpers.push(start(node));
  } catch {
    refused = true; // for instance by Node's permission model
  }
  return helpers.slice(0, count).filter(({ control }) => Atomics.load(control, CONTROL.READY) === 1);
};

const start = ({ Worker, MessageChannel }: NodeThreads): Helper => {
  const control = new Int32Array(new SharedArrayBuffer(4 * CONTROL.LENGTH));
  const { port1, port2 } = new MessageChannel();
  const source = `
    const { workerData, receiveMessageOnPort } = require("node:worker_threads");
    (${serve})(workerData, ${createSweep}, ${JSON.stringify(CONTROL)}, ${SLOTS}, receiveMessageOnPort);`;
  const workerData = { module: wasmModule(), control, port: port2 };
  const worker = new Worker(source, { eval: true, workerData, transferList: [port2], execArgv: [], name: "arbel" });
  const helper = { worker, port: port1, control, inbox: new Float64Array(0), slot: 0 };
  worker.on("error", () => {
    refused ||= Atomics.load(control, CONTROL.READY) === 0;
    forget(helper);
  });
  // A thread at rest does not keep the process alive.
  worker.unref();
  port1.unref();
  return helper;
};

/** Uses a worker no more. */
export const forget = (helper: Helper): void => {
  Atomics.store(helper.control, CONTROL.READY, 0);
  helpers = helpers.filter((other) => other !== helper);
  void helper.worker.terminate();
};
