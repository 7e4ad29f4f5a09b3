import type { DepthSweep, Kernel } from "./kernel.ts";
import { kernelOf, ownSweep, sweepRows } from "./wasm.ts";
import { CONTROL, type SharedJob, SLOT, SLOT_NUMBERS, SLOTS } from "./worker.ts";
import { forget, type Helper, helpersOf, isReady } from "./worker-pool.ts";

/** A depth with fewer arcs is swept on the calling thread: giving it to a worker takes as long as some 50,000 arcs. */
const THREADED_ARCS = 2 ** 17;
/** How long a worker may take for its last parts, in milliseconds, before the calling thread does them; it takes less than one. */
const PATIENCE = 2_000;
/** Looks at a place of shared memory before a thread goes to sleep, from which it takes 50 µs to wake. */
const LOOKS = 2_000;

/** Arcs of the deepest depth that a part holds: enough that taking it costs nothing, few enough that all of it stays in the cache. */
const PART_ARCS = 2 ** 15;

/**
 * The WASM SIMD kernel on `threads` threads of Node, the calling one included; its results are bit for bit those of one.
 *
 * Each thread takes the next part when it is done with one: rows of the last depth, then, of the depths before it together, some states with
 * all their descendants, so that nobody waits in between. It reads and writes where the numbers lie, in shared memory. Rewards may lie in ordinary memory: then depths are swept one
 * after the other, and the calling thread copies the workers' parts for them, which takes a third as long as a sweep. It sweeps
 * alone where other arrays do, or where logits are written over rewards. Workers that have not started yet join when they
 * have; parts of one that is silent are swept again by the calling thread.
 */
export const threaded = (threads: number): Kernel => {
  const sweep = (shift: Shift) => sweepOrForget(shift, helpersOf(threads - 1));
  const sweepDepth = (depth: DepthSweep, meanwhile = () => {}) => {
    const { actions } = depth.level;
    const step = ownSweep().rowsPerChunk(actions);
    const fits = isShared(depth.reward) || step * actions <= SLOT_NUMBERS;
    if (fits && isWorthIt(depth)) sweep({ ...shiftOf([depth], step), meanwhile });
    else {
      sweepRows(depth);
      meanwhile();
    }
  };
  const sweepTree: Kernel["softBellmanTree"] = (last, others) => {
    let depths: readonly DepthSweep[] = [];
    sweepDepth(last, () => {
      depths = others();
    });
    const together = sharedDepths(depths);
    if (together.length > 0) sweep(shiftOf(together, stepOf(together)));
    for (const depth of depths.slice(together.length)) sweepDepth(depth);
  };
  return kernelOf({ depth: sweepDepth, tree: sweepTree });
};

/** Whether a depth is large, and threads can write the results where they belong and sweep a part twice. */
const isWorthIt = ({ level, reward, next, logits, values }: DepthSweep): boolean =>
  level.rows * level.actions >= THREADED_ARCS &&
  [next, logits, values].every(isShared) &&
  reward.buffer !== logits?.buffer;

const isShared = (numbers: Float64Array | null): boolean =>
  numbers === null || (typeof SharedArrayBuffer === "function" && numbers.buffer instanceof SharedArrayBuffer);

/** The first of some depths, from the deepest on, that are large and whose numbers are all in shared memory. */
const sharedDepths = (depths: readonly DepthSweep[]): readonly DepthSweep[] => {
  const other = depths.findIndex((depth) => !(isWorthIt(depth) && isShared(depth.reward)));
  return other < 0 ? depths : depths.slice(0, other);
};

/** Rows of the shallowest depth whose descendants make a part. */
const stepOf = (depths: readonly DepthSweep[]): number => {
  const { deepest, shallowest } = endsOf(depths);
  return Math.max(1, Math.floor((PART_ARCS * shallowest.rows) / (deepest.rows * deepest.actions)));
};

const endsOf = (depths: readonly DepthSweep[]) => ({
  deepest: (depths[0] as DepthSweep).level,
  shallowest: (depths[depths.length - 1] as DepthSweep).level,
});

/** A sweep that fails leaves workers in the middle of a job, who must not be given another. */
const sweepOrForget = (shift: Shift, helpers: readonly Helper[]) => {
  try {
    sweepTogether(shift, helpers);
  } catch (error) {
    for (const helper of helpers) forget(helper);
    throw error;
  }
};

/** Depths that are being swept together. */
interface Shift {
  /** From the deepest on; one alone where its rewards are not shared. */
  readonly depths: readonly DepthSweep[];
  /** What workers are told of them. */
  readonly shared: SharedJob;
  /** What the calling thread does first, once the workers are at it. */
  readonly meanwhile?: () => void;
}

const shiftOf = (depths: readonly DepthSweep[], step: number): Shift => {
  const parts = Math.ceil(endsOf(depths).shallowest.rows / step);
  const tickets = new Int32Array(new SharedArrayBuffer(4));
  const shared = depths.map((depth) => ({ ...depth, reward: isShared(depth.reward) ? depth.reward : null }));
  return { depths, shared: { depths: shared, step, parts, tickets } };
};

/** The next part that nobody has taken; one that does not exist after the last. */
const take = ({ shared }: Shift): number => Atomics.add(shared.tickets, 0, 1);

/** All parts, by the calling thread and the workers. */
const sweepTogether = (shift: Shift, helpers: readonly Helper[]) => {
  const { depths, shared } = shift;
  const { parts, step } = shared;
  const slotted = !isShared((depths[0] as DepthSweep).reward);
  const joined = new Set<Helper>();
  const own = new Set<number>();
  let { meanwhile } = shift;
  for (let part = take(shift); part < parts; part = take(shift)) {
    for (const helper of helpers) {
      if (joined.has(helper) || !isReady(helper)) continue;
      give(helper, shared);
      joined.add(helper);
    }
    const left = slotted ? feed(shift, joined, part) : part;
    meanwhile?.();
    meanwhile = undefined;
    if (left >= parts) break;
    ownSweep().runPart(depths, step, left);
    own.add(left);
  }
  const silent = [...joined].filter((helper) => !((!slotted || end(helper)) && isDone(helper)));
  if (silent.length === 0) return;
  for (const helper of silent) forget(helper);
  for (let part = 0; part < parts; part++) if (!own.has(part)) ownSweep().runPart(depths, step, part);
};

/** Gives a worker a job to take parts of. */
const give = (helper: Helper, job: SharedJob) => {
  helper.turn = 0;
  helper.worker.postMessage(job);
  Atomics.add(helper.control, CONTROL.GIVEN, 1);
  Atomics.notify(helper.control, CONTROL.GIVEN);
};

/** Fills the empty slots of workers, beginning with `part`; gives the part that is left for the calling thread. */
const feed = (shift: Shift, helpers: Iterable<Helper>, part: number): number => {
  const { reward, level } = shift.depths[0] as DepthSweep;
  const { step, parts } = shift.shared;
  let left = part;
  for (const helper of helpers) {
    while (left < parts && Atomics.load(helper.control, CONTROL.SLOTS + helper.turn) === SLOT.EMPTY) {
      const begin = left * step;
      const rows = Math.min(step, level.rows - begin);
      const from = { from: reward, at: begin * level.actions };
      ownSweep().copy(from, rows * level.actions, helper.slots, helper.turn * SLOT_NUMBERS);
      fill(helper, left);
      left = take(shift);
    }
  }
  return left;
};

/** Says what lies in a worker's next slot. */
const fill = (helper: Helper, part: number) => {
  const place = CONTROL.SLOTS + helper.turn;
  Atomics.store(helper.control, place, part);
  Atomics.notify(helper.control, place);
  helper.turn = (helper.turn + 1) % SLOTS;
};

/** Tells a worker that no more parts come through its slots; false where it does not empty them. */
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
