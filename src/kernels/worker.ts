import type { createSweep as CreateSweep } from "./sweep.ts";
import type { WasmModule } from "./web-assembly.ts";

/**
 * Slots of one worker, filled in turn. More than lie ready at a time: a slot that the worker has just read would have to be pulled
 * back out of its core's cache.
 */
export const SLOTS = 16;

/** Chunks that lie ready for one worker at a time: while it works on one, others are copied in and out. */
export const QUEUE = 4;

/** Numbers of a slot: rewards, which become logits, then values of the next depth, then the rows' values. */
export const SLOT_NUMBERS = 2 ** 15;

/**
 * Places in a worker's control array. `READY` is 1 once it serves. Slot `i` has `LENGTH` places from `FIRST + i · LENGTH` on: its
 * state, and the shape of its chunk.
 */
export const CONTROL = {
  READY: 0,
  FIRST: 1,
  LENGTH: 6,
  STATE: 0,
  ROWS: 1,
  TOKENS: 2,
  ACTIONS: 3,
  NEXT: 4,
  LOGITS: 5,
} as const;

/** States of a slot: nothing in it, a chunk to be swept, a chunk that is swept. */
export const STATE = { EMPTY: 0, FILLED: 1, SWEPT: 2 } as const;

/** What a worker is started with. */
export interface WorkerStart {
  readonly module: WasmModule;
  /** The control array, in shared memory. */
  readonly control: Int32Array;
  /** `[SLOTS × SLOT_NUMBERS]`, in shared memory. */
  readonly slots: Float64Array;
}

/**
 * A worker's life: sweep the chunks that appear in its slots, one slot after the other, in place.
 *
 * Its text is what the thread runs: it refers to nothing outside its arguments.
 */
export const serve = (
  { module, control, slots }: WorkerStart,
  createSweep: typeof CreateSweep,
  places: typeof CONTROL,
  states: typeof STATE,
  count: number,
): void => {
  const { run } = createSweep(module);
  const stride = slots.length / count;

  /** Waits until a slot is filled: a short while awake, as chunks come every 30 µs, and then asleep. */
  const filled = (state: number) => {
    for (let turn = 0; turn < 2000; turn++) if (Atomics.load(control, state) === states.FILLED) return;
    for (let now = Atomics.load(control, state); now !== states.FILLED; now = Atomics.load(control, state)) {
      Atomics.wait(control, state, now);
    }
  };

  Atomics.store(control, places.READY, 1);
  for (let slot = 0; ; slot = (slot + 1) % count) {
    const at = places.FIRST + slot * places.LENGTH;
    filled(at + places.STATE);
    const read = (place: number) => control[at + place] as number;
    const [rows, tokens, actions] = [read(places.ROWS), read(places.TOKENS), read(places.ACTIONS)];
    const from = slot * stride;
    const nextAt = from + rows * actions;
    const valuesAt = nextAt + (read(places.NEXT) === 1 ? rows * tokens : 0);
    const logits = read(places.LOGITS) === 1 ? slots.subarray(from, nextAt) : null;
    const values = slots.subarray(valuesAt, valuesAt + rows);
    const next = read(places.NEXT) === 1 ? { from: slots, at: nextAt } : null;
    run({ level: { rows, tokens, actions }, logits, values }, 0, rows, { from: slots, at: from }, next);
    Atomics.store(control, at + places.STATE, states.SWEPT);
    Atomics.notify(control, at + places.STATE);
  }
};
