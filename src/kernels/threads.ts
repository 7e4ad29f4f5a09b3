import type { Kernel } from "./kernel.ts";
import type { SweepJob } from "./sweep.ts";
import { kernelOf, ownSweep, sweepRows } from "./wasm.ts";
import { CONTROL, QUEUE, SLOT_NUMBERS, SLOTS, STATE } from "./worker.ts";
import { forget, type Helper, helpersOf, isReady } from "./worker-pool.ts";

/** A depth with fewer arcs is swept on the calling thread: waking a worker takes as long as some 30,000 arcs. */
const THREADED_ARCS = 2 ** 17;
/** How long a worker may take for a chunk, in milliseconds, before the calling thread does it; it takes less than one. */
const PATIENCE = 2_000;

/**
 * The WASM SIMD kernel on `threads` threads of Node, the calling one included; its results are bit for bit those of one.
 *
 * The calling thread copies chunks into slots of memory that it shares with the workers, sweeps chunks itself in between, and copies
 * theirs out: users' arrays and results are ordinary ones. A copy costs a tenth of a sweep. Workers that have not started yet join when
 * they have; chunks of one that is silent are swept again by the calling thread.
 */
export const threaded = (threads: number): Kernel =>
  kernelOf((job) => {
    const { rows, tokens, actions } = job.level;
    const step = ownSweep().rowsPerChunk(actions);
    const fits = step * (actions + tokens + 1) <= SLOT_NUMBERS;
    if (fits && rows * actions >= THREADED_ARCS) sweepOrForget(job, step, helpersOf(threads - 1));
    else sweepRows(job);
  });

/** A sweep that fails leaves chunks in the workers' slots, which must not be taken for the next sweep's. */
const sweepOrForget = (job: SweepJob, step: number, helpers: readonly Helper[]) => {
  try {
    sweepTogether(job, step, helpers);
  } catch (error) {
    for (const helper of helpers) forget(helper);
    throw error;
  }
};

/** All rows of a depth, by the calling thread and the workers. */
const sweepTogether = (job: SweepJob, step: number, helpers: readonly Helper[]) => {
  const chunks = Math.ceil(job.level.rows / step);
  for (let chunk = 0; chunk < chunks; ) {
    for (const helper of helpers) {
      while (isSwept(helper)) collect(helper, job, step);
      while (chunk < chunks && helper.chunks.length < QUEUE && isReady(helper)) fill(helper, job, step, chunk++);
    }
    if (chunk < chunks) sweepChunk(job, step, chunk++);
  }
  for (const helper of helpers) {
    while (helper.chunks.length > 0) {
      if (waitForOldest(helper)) collect(helper, job, step);
      else takeOver(helper, job, step);
    }
  }
};

/** Rows of a chunk. */
const rowsOf = ({ level: { rows } }: SweepJob, step: number, chunk: number) => ({
  begin: chunk * step,
  count: Math.min(step, rows - chunk * step),
});

const sweepChunk = (job: SweepJob, step: number, chunk: number) => {
  const { begin, count } = rowsOf(job, step, chunk);
  const { tokens, actions } = job.level;
  const next = job.next && { from: job.next, at: begin * tokens };
  ownSweep().run(job, begin, count, { from: job.reward, at: begin * actions }, next);
};

/** Place of a slot in a worker's control array. */
const controlAt = (slot: number) => CONTROL.FIRST + slot * CONTROL.LENGTH;

const isSwept = ({ control, oldest, chunks }: Helper) =>
  chunks.length > 0 && Atomics.load(control, controlAt(oldest) + CONTROL.STATE) === STATE.SWEPT;

/** Puts a chunk's rewards and next values into a worker's next slot. */
const fill = (helper: Helper, job: SweepJob, step: number, chunk: number) => {
  const { tokens, actions } = job.level;
  const { begin, count } = rowsOf(job, step, chunk);
  const slot = (helper.oldest + helper.chunks.length) % SLOTS;
  const at = slot * SLOT_NUMBERS;
  helper.slots.set(job.reward.subarray(begin * actions, (begin + count) * actions), at);
  if (job.next) helper.slots.set(job.next.subarray(begin * tokens, (begin + count) * tokens), at + count * actions);
  const place = controlAt(slot);
  helper.control[place + CONTROL.ROWS] = count;
  helper.control[place + CONTROL.TOKENS] = tokens;
  helper.control[place + CONTROL.ACTIONS] = actions;
  helper.control[place + CONTROL.NEXT] = job.next ? 1 : 0;
  helper.control[place + CONTROL.LOGITS] = job.logits ? 1 : 0;
  Atomics.store(helper.control, place + CONTROL.STATE, STATE.FILLED);
  Atomics.notify(helper.control, place + CONTROL.STATE);
  helper.chunks.push(chunk);
};

/** Copies the worker's oldest chunk, which is swept, to where it belongs, and empties its slot. */
const collect = (helper: Helper, job: SweepJob, step: number) => {
  const { tokens, actions } = job.level;
  const { begin, count } = rowsOf(job, step, helper.chunks.shift() as number);
  const at = helper.oldest * SLOT_NUMBERS;
  const valuesAt = at + count * (actions + (job.next ? tokens : 0));
  job.logits?.set(helper.slots.subarray(at, at + count * actions), begin * actions);
  job.values.set(helper.slots.subarray(valuesAt, valuesAt + count), begin);
  Atomics.store(helper.control, controlAt(helper.oldest) + CONTROL.STATE, STATE.EMPTY);
  helper.oldest = (helper.oldest + 1) % SLOTS;
};

/** Waits for the worker's oldest chunk; false where it does not come. */
const waitForOldest = (helper: Helper): boolean => {
  const place = controlAt(helper.oldest) + CONTROL.STATE;
  for (const until = Date.now() + PATIENCE; !isSwept(helper); ) {
    if (Date.now() > until) return false;
    Atomics.wait(helper.control, place, STATE.FILLED, 100);
  }
  return true;
};

/** Sweeps the chunks of a worker that is silent, and uses it no more. */
const takeOver = (helper: Helper, job: SweepJob, step: number) => {
  for (const chunk of helper.chunks.splice(0)) sweepChunk(job, step, chunk);
  forget(helper);
};
