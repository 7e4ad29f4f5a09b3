import type { Kernel } from "./kernel.ts";
import type { SweepJob } from "./sweep.ts";
import { kernelOf, ownSweep, sweepRows } from "./wasm.ts";
import { CONTROL, SLOTS, type WorkerJob } from "./worker.ts";
import { forget, type Helper, readyHelpers } from "./worker-pool.ts";

/** A depth with fewer arcs is swept on the calling thread: waking a worker takes as long as some 30,000 arcs. */
const THREADED_ARCS = 2 ** 17;
/** How long a worker may take for the few chunks left to it, in milliseconds; it takes less than one. */
const PATIENCE = 30_000;

/**
 * The WASM SIMD kernel on `threads` threads of Node, the calling one included; its results are bit for bit those of one.
 *
 * Workers read and write shared arrays by themselves. Ordinary arrays, as users have them, only the calling thread can
 * read: it copies chunks of them into the workers' slots and sweeps chunks itself in between. Where threads cannot be started
 * the calling thread does everything.
 */
export const threaded = (threads: number): Kernel =>
  kernelOf((job) => {
    const { rows, actions } = job.level;
    const writable = isShared(job.values) && (job.logits === null || isShared(job.logits));
    if (writable && rows * actions >= THREADED_ARCS) sweepTogether(job, readyHelpers(threads - 1));
    else sweepRows(job);
  }, allocateShared);

const isShared = (array: Float64Array) =>
  typeof SharedArrayBuffer !== "undefined" && array.buffer instanceof SharedArrayBuffer;

/** Keeps an ordinary buffer as long as a shared one lives. */
const weights = new WeakMap<SharedArrayBuffer, ArrayBuffer>();

/**
 * An array that workers can write. V8 does not count shared memory when it decides to collect garbage, and would let it pile
 * up: an ordinary buffer of the same size, which nobody touches and which so takes no memory, lives and dies with it and is
 * counted.
 */
const allocateShared = (length: number): Float64Array => {
  const buffer = new SharedArrayBuffer(8 * length);
  weights.set(buffer, new ArrayBuffer(8 * length));
  return new Float64Array(buffer);
};

/** All rows of a depth, by the calling thread and the workers. */
const sweepTogether = (job: SweepJob, helpers: readonly Helper[]) => {
  try {
    const step = ownSweep().rowsPerChunk(job.level.actions);
    for (const helper of helpers) send(helper, job, step);
    sweepChunks(job, step, helpers);
    for (const helper of helpers) finish(helper);
  } catch (error) {
    // Workers that wait for chunks of a job that nobody goes on with are of no more use.
    for (const helper of helpers) forget(helper);
    throw error;
  }
};

/** Fills the workers' slots, and sweeps a chunk itself while all are full. */
const sweepChunks = (job: SweepJob, step: number, helpers: readonly Helper[]) => {
  const chunks = Math.ceil(job.level.rows / step);
  for (let chunk = 0; chunk < chunks; ) {
    for (const helper of helpers) while (chunk < chunks && isFree(helper)) fill(helper, job, step, chunk++);
    if (chunk < chunks) {
      const { reward, next, begin, count } = sourcesOf(job, step, chunk++);
      ownSweep().run(job, begin, count, reward, next);
    }
  }
};

/** Where the rewards and the next values of a chunk lie in the job's own arrays. */
const sourcesOf = ({ level: { rows, tokens, actions }, reward, next }: SweepJob, step: number, chunk: number) => {
  const begin = chunk * step;
  return {
    begin,
    count: Math.min(step, rows - begin),
    reward: { from: reward, at: begin * actions },
    next: next && { from: next, at: begin * tokens },
  };
};

/** Tells a worker what the next chunks belong to. */
const send = (helper: Helper, { level, logits, values, reward, next }: SweepJob, step: number) => {
  const stride = step * (level.actions + level.tokens);
  if (helper.inbox.length < SLOTS * stride) {
    helper.inbox = new Float64Array(new SharedArrayBuffer(8 * SLOTS * stride));
  }
  const message: WorkerJob = {
    target: { level, logits, values },
    step,
    stride,
    inbox: helper.inbox,
    reward: isShared(reward) ? reward : null,
    next: next && isShared(next) ? next : null,
    inner: next !== null,
  };
  helper.slot = 0;
  helper.port.postMessage(message);
  Atomics.add(helper.control, CONTROL.JOB, 1);
  Atomics.notify(helper.control, CONTROL.JOB);
};

const isFree = ({ control, slot }: Helper) => Atomics.load(control, CONTROL.STATE + slot) === 0;

/** Puts a chunk into the worker's next slot, with the numbers that it cannot read by itself. */
const fill = (helper: Helper, job: SweepJob, step: number, chunk: number) => {
  const { tokens, actions } = job.level;
  const at = helper.slot * step * (actions + tokens);
  const { reward, next, count } = sourcesOf(job, step, chunk);
  if (!isShared(reward.from)) helper.inbox.set(reward.from.subarray(reward.at, reward.at + count * actions), at);
  if (next && !isShared(next.from)) {
    helper.inbox.set(next.from.subarray(next.at, next.at + count * tokens), at + step * actions);
  }
  put(helper, chunk);
};

/** Hands the next slot over, with the number of its chunk, or −1 after the last. */
const put = (helper: Helper, chunk: number) => {
  const { control, slot } = helper;
  control[CONTROL.CHUNK + slot] = chunk;
  Atomics.store(control, CONTROL.STATE + slot, 1);
  Atomics.notify(control, CONTROL.STATE + slot);
  helper.slot = (slot + 1) % SLOTS;
};

/** Waits until a worker has swept its last chunks. */
const finish = (helper: Helper) => {
  const { control } = helper;
  const done = Atomics.load(control, CONTROL.DONE);
  waitWhile(helper, CONTROL.STATE + helper.slot, 1);
  put(helper, -1);
  waitWhile(helper, CONTROL.DONE, done);
  if (Atomics.load(control, CONTROL.FAILED) === 1) throw lost("failed");
};

/** Waits while a place holds `value`. */
const waitWhile = ({ control }: Helper, place: number, value: number) => {
  for (const until = Date.now() + PATIENCE; Atomics.load(control, place) === value; ) {
    if (Atomics.load(control, CONTROL.FAILED) === 1) throw lost("failed");
    if (Date.now() > until) throw lost(`was silent for ${PATIENCE / 1000} s`);
    Atomics.wait(control, place, value, 100);
  }
};

const lost = (what: string) =>
  new Error(`a worker thread of the WASM kernel ${what} before the sweep was complete: run it again with "threads: 1"`);
