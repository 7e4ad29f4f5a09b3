import type { DepthSweep } from "./kernel.ts";
import type { createSweep as CreateSweep } from "./sweep.ts";
import type { WasmModule } from "./web-assembly.ts";

/** Slots of one worker, for chunks of rewards in ordinary memory: filled in turn. */
export const SLOTS = 4;

/** Numbers of a slot. */
export const SLOT_NUMBERS = 2 ** 15;

/**
 * Places in a worker's control array. `READY` is 1 once it serves; `GIVEN` and `DONE` count its jobs; from `SLOTS` on, a place for
 * each slot.
 */
export const CONTROL = { READY: 0, GIVEN: 1, DONE: 2, SLOTS: 3 } as const;

/** What a slot's place says, where it is not the number of the chunk that lies there. */
export const SLOT = { EMPTY: -1, END: -2 } as const;

/** What a worker is started with. */
export interface WorkerStart {
  readonly module: WasmModule;
  /** The control array, in shared memory. */
  readonly control: Int32Array;
  /** `[SLOTS × SLOT_NUMBERS]`, in shared memory. */
  readonly slots: Float64Array;
}

/** A depth as workers are given it, all arrays in shared memory. */
export interface SharedDepth extends Omit<DepthSweep, "reward"> {
  /** `null` where rewards lie in ordinary memory: they come through the slots. */
  readonly reward: Float64Array | null;
}

/** Depths that workers sweep together, from the deepest on: one alone where rewards come through the slots. */
export interface SharedJob {
  readonly depths: readonly SharedDepth[];
  /** Rows of the shallowest depth that a part takes, with all their descendants. */
  readonly step: number;
  /** Number of parts. */
  readonly parts: number;
  /** One number: the first part that nobody has taken. */
  readonly tickets: Int32Array;
}

/**
 * A worker's life: job after job, sweep chunks until none is left.
 *
 * Its text is what the thread runs: it refers to nothing outside its arguments.
 */
export const serve = (
  { module, control, slots }: WorkerStart,
  createSweep: typeof CreateSweep,
  places: typeof CONTROL,
  slot: typeof SLOT,
  receive: () => SharedJob,
): void => {
  const looks = 2000;
  const rest = 20; // milliseconds without a job
  const mostBytes = 2 ** 29;
  const { run, runPart } = createSweep(module);
  const count = control.length - places.SLOTS;
  const stride = slots.length / count;

  /** Waits until a place says something else: a short while awake, as chunks come every 30 µs, and then asleep. */
  const changeOf = (place: number, before: number, atRest: () => void): number => {
    for (let look = 0; look < looks; look++) if (Atomics.load(control, place) !== before) break;
    while (Atomics.load(control, place) === before) {
      if (Atomics.wait(control, place, before, rest) === "timed-out") atRest();
    }
    return Atomics.load(control, place);
  };

  const sweepShared = ({ depths, step, parts, tickets }: SharedJob) => {
    const take = () => Atomics.add(tickets, 0, 1);
    for (let part = take(); part < parts; part = take()) runPart(depths as readonly DepthSweep[], step, part);
  };

  const sweepSlots = (depth: SharedDepth, step: number) => {
    const { level, next } = depth;
    for (let turn = 0; ; turn = (turn + 1) % count) {
      const place = places.SLOTS + turn;
      const part = changeOf(place, slot.EMPTY, () => {});
      if (part !== slot.END) {
        const begin = part * step;
        const nextValues = next && { from: next, at: begin * level.tokens };
        run(depth, begin, Math.min(step, level.rows - begin), { from: slots, at: turn * stride }, nextValues);
      }
      Atomics.store(control, place, slot.EMPTY);
      Atomics.notify(control, place);
      if (part === slot.END) return;
    }
  };

  /** Does a job and gives its bytes; no one else here knows its arrays, so that they are garbage afterwards. */
  const work = (job: SharedJob): number => {
    const deepest = job.depths[0] as SharedDepth;
    if (deepest.reward) sweepShared(job);
    else sweepSlots(deepest, job.step);
    return job.depths
      .flatMap(({ reward, next, logits, values }) => [reward, next, logits, values])
      .reduce((bytes, array) => bytes + (array?.byteLength ?? 0), 0);
  };

  let bytes = 0;
  /**
   * Gives back the memory of jobs that are done. It is not free before this thread, too, has collected its garbage, and one that
   * makes so little never does, unless it asks for more than its heap may have.
   */
  const giveBack = () => {
    if (bytes === 0) return;
    bytes = 0;
    new ArrayBuffer(2 ** 27);
    new ArrayBuffer(2 ** 10);
  };

  Atomics.store(control, places.READY, 1);
  for (let done = 0; ; ) {
    changeOf(places.GIVEN, done, giveBack);
    bytes += work(receive());
    done++;
    Atomics.store(control, places.DONE, done);
    Atomics.notify(control, places.DONE);
    if (bytes > mostBytes) giveBack();
  }
};
