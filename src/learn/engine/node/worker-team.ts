import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import type { Tensors } from "../tensor.ts";
import type { Reply, Request } from "./protocol.ts";
import { serve } from "./serve.ts";

/** Threads that each run one ONNX Runtime session at a time. */
export interface WorkerTeam {
  readonly size: number;
  /** Sends a request that has no answer, to every worker. */
  tell(request: Request): void;
  /** Sends a compiled model to every worker and waits until all are ready. */
  prepare(request: Request & { type: "session" }): Promise<void>;
  /** Runs tasks, each on the next worker that is free; their outputs in order. */
  run(tasks: readonly Omit<Request & { type: "run" }, "task" | "type">[]): Promise<Tensors[][]>;
  dispose(): Promise<void>;
}

/** Tasks that a worker has before it: one that runs, and one that waits so that it never does. */
const IN_FLIGHT = 2;

interface Waiting {
  resolve(outputs: readonly Tensors[]): void;
  reject(error: Error): void;
}

/** Where ONNX Runtime is, or undefined if it is not installed. */
export function onnxRuntimePath(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve("onnxruntime-node");
  } catch {
    return;
  }
}

function startWorker(runtime: string, provider: string): Worker {
  const source = `const { parentPort } = require("node:worker_threads");
(${serve})(require(${JSON.stringify(runtime)}), parentPort, ${JSON.stringify(provider)});`;
  const worker = new Worker(source, { eval: true, execArgv: [], name: "arbel-onnx" });
  worker.unref();
  return worker;
}

/** Starts `size` workers. */
export function workerTeam(size: number, runtime: string, provider: string): WorkerTeam {
  const waiting = new Map<number, Waiting>();
  const ended = new Set<Worker>();
  let nextTask = 1;
  let broken: Error | undefined;

  const settle = (id: number, act: (waiting: Waiting) => void): void => {
    const entry = waiting.get(id);
    waiting.delete(id);
    if (entry !== undefined) {
      act(entry);
    }
  };
  const failAll = (error: Error): void => {
    broken ??= error;
    for (const id of [...waiting.keys()]) {
      settle(id, ({ reject }) => reject(error));
    }
  };
  const workers = Array.from({ length: size }, (_, index) => {
    const worker = startWorker(runtime, provider);
    worker.on("message", (reply: Reply) => {
      if (reply.type === "ready") {
        settle(-(reply.id * size + index), ({ resolve }) => resolve([]));
      } else if (reply.type === "done") {
        settle(reply.task, ({ resolve }) => resolve(reply.outputs));
      } else {
        const id = reply.task < 0 ? reply.task * size - index : reply.task;
        settle(id, ({ reject }) => reject(new Error(`ONNX Runtime failed: ${reply.message}`)));
      }
    });
    worker.on("error", failAll);
    worker.on("exit", () => {
      ended.add(worker);
      failAll(new Error("a worker thread of ONNX Runtime ended"));
    });
    return worker;
  });

  const expect = (id: number): Promise<readonly Tensors[]> =>
    new Promise((resolve, reject) => {
      if (broken !== undefined) {
        reject(broken);
        return;
      }
      waiting.set(id, { resolve, reject });
    });

  /** Workers are unreferenced at rest, so that they do not keep the process alive, and referenced while they work. */
  const busy = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    for (const worker of workers) {
      worker.ref();
    }
    try {
      return await work();
    } finally {
      if (waiting.size === 0) {
        for (const worker of workers) {
          worker.unref();
        }
      }
    }
  };

  return {
    size,
    tell(request) {
      for (const worker of workers) {
        worker.postMessage(request);
      }
    },
    prepare: (request) =>
      busy(async () => {
        const ready = workers.map((_, index) => expect(-(request.id * size + index)));
        for (const worker of workers) {
          worker.postMessage(request);
        }
        await Promise.all(ready);
      }),
    run: (tasks) =>
      busy(async () => {
        const results: Tensors[][] = [];
        let next = 0;
        const work = async (worker: Worker): Promise<void> => {
          for (let index = next++; index < tasks.length && broken === undefined; index = next++) {
            const task = nextTask++;
            const done = expect(task);
            worker.postMessage({ ...tasks[index], type: "run", task });
            try {
              results[index] = [...(await done)];
            } catch (error) {
              next = tasks.length;
              throw error;
            }
          }
        };
        // All are awaited, also where one fails: whoever disposes then finds no thread at work.
        // Every worker has its first task before one has a second, or few tasks would all be one worker's.
        const lanes = Array.from({ length: IN_FLIGHT }, () => workers.map(work)).flat();
        const failed = (await Promise.allSettled(lanes)).find((lane) => lane.status === "rejected");
        if (failed !== undefined) {
          throw failed.reason;
        }
        if (broken !== undefined) {
          throw broken;
        }
        return results;
      }),
    async dispose() {
      // A thread that is terminated inside native code takes the process with it, so each ends by itself.
      const disposed = new Error("the engine was disposed");
      broken ??= disposed;
      await Promise.all(
        workers.map(
          (worker) =>
            new Promise<void>((resolve) => {
              if (ended.has(worker)) {
                resolve();
                return;
              }
              worker.ref();
              worker.once("exit", () => resolve());
              worker.postMessage({ type: "end" } satisfies Request);
            }),
        ),
      );
    },
  };
}
