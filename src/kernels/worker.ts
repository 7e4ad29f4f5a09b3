import type { createSweep as CreateSweep, SweepTarget } from "./sweep.ts";
import type { WasmModule } from "./web-assembly.ts";

/** Chunks that lie ready for one worker at a time: while it works on one, the next are being copied. */
export const SLOTS = 4;

/**
 * Places in a worker's control array. `JOB` counts the jobs it was sent, `DONE` those it finished; `STATE + slot` says whether a
 * slot holds a chunk, and `CHUNK + slot` which.
 */
export const CONTROL = { READY: 0, FAILED: 1, JOB: 2, DONE: 3, STATE: 4, CHUNK: 8, LENGTH: 12 } as const;

/** What is sent to a worker before a depth: the depth, and where its chunks' numbers are put. */
export interface WorkerJob {
  readonly target: SweepTarget;
  /** Rows of a chunk. */
  readonly step: number;
  /** Numbers of a slot of `inbox`. */
  readonly stride: number;
  /** Where a slot holds what the worker cannot read by itself: rewards, then values of the next depth. */
  readonly inbox: Float64Array;
  /** Rewards, where the worker can read them by itself. */
  readonly reward: Float64Array | null;
  /** Values of the next depth, where the worker can read them by itself. */
  readonly next: Float64Array | null;
  /** Whether there is a next depth. */
  readonly inner: boolean;
}

/** What a worker is started with. */
export interface WorkerStart {
  readonly module: WasmModule;
  readonly control: Int32Array;
  readonly port: object;
}

/**
 * A worker's life: wait for a job, sweep the chunks that appear in its slots until one says that there are no more, report.
 *
 * Its text is what the thread runs: it refers to nothing outside its arguments.
 */
export const serve = (
  start: WorkerStart,
  createSweep: typeof CreateSweep,
  places: typeof CONTROL,
  slots: number,
  receive: (port: object) => { message: WorkerJob } | undefined,
): void => {
  const { control } = start;
  const { run } = createSweep(start.module);

  /** Waits until a slot is filled: a short while awake, as chunks come every 50 µs, and then asleep. */
  const filled = (slot: number) => {
    const state = places.STATE + slot;
    for (let turn = 0; turn < 5000; turn++) if (Atomics.load(control, state) === 1) return;
    while (Atomics.load(control, state) === 0) Atomics.wait(control, state, 0);
  };

  const sweep = ({ target, step, stride, inbox, reward, next, inner }: WorkerJob) => {
    const { rows, tokens, actions } = target.level;
    for (let slot = 0; ; slot = (slot + 1) % slots) {
      filled(slot);
      const chunk = control[places.CHUNK + slot] as number;
      if (chunk >= 0) {
        const begin = chunk * step;
        const rewardFrom = reward ? { from: reward, at: begin * actions } : { from: inbox, at: slot * stride };
        const nextAt = slot * stride + step * actions;
        const nextFrom = next ? { from: next, at: begin * tokens } : { from: inbox, at: nextAt };
        run(target, begin, Math.min(step, rows - begin), rewardFrom, inner ? nextFrom : null);
      }
      Atomics.store(control, places.STATE + slot, 0);
      Atomics.notify(control, places.STATE + slot);
      if (chunk < 0) return (target.logits?.byteLength ?? 0) + target.values.byteLength;
    }
  };

  Atomics.store(control, places.READY, 1);
  for (let done = 0; ; done++) {
    while (Atomics.load(control, places.JOB) === done) Atomics.wait(control, places.JOB, done);
    const received = receive(start.port);
    let bytes = 0;
    try {
      if (received) bytes = sweep(received.message);
    } catch (error) {
      Atomics.store(control, places.FAILED, 1);
      throw error;
    } finally {
      Atomics.add(control, places.DONE, 1);
      Atomics.notify(control, places.DONE);
    }
    // Shared arrays do not count as this thread's memory, so it would never let go of them: an array that counts is made
    // and dropped instead. It costs nothing, as nothing is written to it.
    if (bytes > 2 ** 20) new ArrayBuffer(bytes);
  }
};
