import type { Kernel } from "./kernel.ts";
import type { SweepJob } from "./sweep.ts";
import { kernelOf, ownSweep, sweepRows } from "./wasm.ts";
import { CONTROL, type SharedJob, SLOT, SLOT_NUMBERS, SLOTS } from "./worker.ts";
import { forget, type Helper, helpersOf, isReady } from "./worker-pool.ts";

/** A depth with fewer arcs is swept on the calling thread: giving it to a worker takes as long as some 50,000 arcs. */
const THREADED_ARCS = 2 ** 17;
/** How long a worker may take for its last chunks, in milliseconds, before the calling thread does them; it takes less than one. */
const PATIENCE = 2_000;
/** Looks at a place of shared memory before a thread goes to sleep, from which it takes 50 µs to wake. */
const LOOKS = 2_000;

/**
 * The WASM SIMD kernel on `threads` threads of Node, the calling one included; its results are bit for bit those of one.
 *
 * Each thread takes the next chunk of a depth when it is done with one, and reads and writes where the numbers lie: in shared
 * memory. Rewards may lie in ordinary memory: then the calling thread copies the workers' chunks for them, which takes a
 * third as long as a sweep. It sweeps alone where other arrays do, or where logits are written over rewards. Workers
 * that have not started yet join when they have; chunks of one that is silent are swept again by the calling thread.
 */
export const threaded = (threads: number): Kernel =>
  kernelOf((job) => {
    const { rows, actions } = job.level;
    const step = ownSweep().rowsPerChunk(actions);
    const fits = step * actions <= SLOT_NUMBERS;
    if (fits && rows * actions >= THREADED_ARCS && isDivisible(job)) sweepOrForget(job, step, helpersOf(threads - 1));
    else sweepRows(job);
  });

/** Whether threads can write the results where they belong, and a chunk can be swept twice. */
const isDivisible = ({ reward, next, logits, values }: SweepJob): boolean =>
  isShared(next) && isShared(logits) && isShared(values) && reward.buffer !== logits?.buffer;

const isShared = (numbers: Float64Array | null): boolean =>
  numbers === null || (typeof SharedArrayBuffer === "function" && numbers.buffer instanceof SharedArrayBuffer);

/** A sweep that fails leaves workers in the middle of a job, who must not be given another. */
const sweepOrForget = (job: SweepJob, step: number, helpers: readonly Helper[]) => {
  try {
    sweepTogether(shiftOf(job, step), helpers);
  } catch (error) {
    for (const helper of helpers) forget(helper);
    throw error;
  }
};

/** A depth that is being swept. */
interface Shift {
  readonly job: SweepJob;
  /** Rows of a chunk. */
  readonly step: number;
  readonly chunks: number;
  /** What workers are told of it. */
  readonly shared: SharedJob;
}

const shiftOf = (job: SweepJob, step: number): Shift => {
  const { level, next, logits, values } = job;
  const reward = isShared(job.reward) ? job.reward : null;
  const tickets = new Int32Array(new SharedArrayBuffer(4));
  return {
    job,
    step,
    chunks: Math.ceil(level.rows / step),
    shared: { level, step, reward, next, logits, values, tickets },
  };
};

/** The next chunk that nobody has taken; one that does not exist after the last. */
const take = ({ shared }: Shift): number => Atomics.add(shared.tickets, 0, 1);

/** All rows of a depth, by the calling thread and the workers. */
const sweepTogether = (shift: Shift, helpers: readonly Helper[]) => {
  const { chunks, shared } = shift;
  const joined = new Set<Helper>();
  const own = new Set<number>();
  for (let chunk = take(shift); chunk < chunks; chunk = take(shift)) {
    for (const helper of helpers) {
      if (joined.has(helper) || !isReady(helper)) continue;
      give(helper, shared);
      joined.add(helper);
    }
    const left = shared.reward ? chunk : feed(shift, joined, chunk);
    if (left >= chunks) break;
    sweepChunk(shift, left);
    own.add(left);
  }
  const silent = [...joined].filter((helper) => !((shared.reward || end(helper)) && isDone(helper)));
  if (silent.length === 0) return;
  for (const helper of silent) forget(helper);
  for (let chunk = 0; chunk < chunks; chunk++) if (!own.has(chunk)) sweepChunk(shift, chunk);
};

/** Rows of a chunk. */
const rowsOf = ({ job, step }: Shift, chunk: number) => ({
  begin: chunk * step,
  count: Math.min(step, job.level.rows - chunk * step),
});

const sweepChunk = (shift: Shift, chunk: number) => {
  const { begin, count } = rowsOf(shift, chunk);
  const { level, reward, next } = shift.job;
  const from = { from: reward, at: begin * level.actions };
  ownSweep().run(shift.job, begin, count, from, next && { from: next, at: begin * level.tokens });
};

/** Gives a worker its part in a depth. */
const give = (helper: Helper, job: SharedJob) => {
  helper.turn = 0;
  helper.worker.postMessage(job);
  Atomics.add(helper.control, CONTROL.GIVEN, 1);
  Atomics.notify(helper.control, CONTROL.GIVEN);
};

/** Fills the empty slots of workers, beginning with `chunk`; gives the chunk that is left for the calling thread. */
const feed = (shift: Shift, helpers: Iterable<Helper>, chunk: number): number => {
  let left = chunk;
  for (const helper of helpers) {
    while (left < shift.chunks && Atomics.load(helper.control, CONTROL.SLOTS + helper.turn) === SLOT.EMPTY) {
      const { begin, count } = rowsOf(shift, left);
      const { reward, level } = shift.job;
      const from = { from: reward, at: begin * level.actions };
      ownSweep().copy(from, count * level.actions, helper.slots, helper.turn * SLOT_NUMBERS);
      fill(helper, left);
      left = take(shift);
    }
  }
  return left;
};

/** Says what lies in a worker's next slot. */
const fill = (helper: Helper, chunk: number) => {
  const place = CONTROL.SLOTS + helper.turn;
  Atomics.store(helper.control, place, chunk);
  Atomics.notify(helper.control, place);
  helper.turn = (helper.turn + 1) % SLOTS;
};

/** Tells a worker that no more chunks come through its slots; false where it does not empty them. */
const end = (helper: Helper): boolean => {
  const emptied = waitFor(helper, CONTROL.SLOTS + helper.turn, SLOT.EMPTY);
  if (emptied) fill(helper, SLOT.END);
  return emptied;
};

/** Waits until a worker has done all that it was given; false where it does not. */
const isDone = (helper: Helper): boolean => waitFor(helper, CONTROL.DONE, Atomics.load(helper.control, CONTROL.GIVEN));

/** Waits until a place of a worker's control array says what it should; false where it does not in time. */
const waitFor = ({ control }: Helper, place: number, expected: number): boolean => {
  for (let look = 0; look < LOOKS; look++) if (Atomics.load(control, place) === expected) return true;
  const until = Date.now() + PATIENCE;
  for (let now = Atomics.load(control, place); now !== expected; now = Atomics.load(control, place)) {
    if (Date.now() > until) return false;
    Atomics.wait(control, place, now, 100);
  }
  return true;
};
