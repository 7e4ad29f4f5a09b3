import { distill } from "../distill.ts";
import type { Distilled, DistillOptions, DistillProgress, DistillState } from "../distill-options.ts";

/** A finished run: what it told, its states, and how it ended. */
export interface FinishedRun extends Distilled {
  readonly told: readonly DistillProgress[];
  readonly states: readonly DistillState[];
}

/** Runs to the end, and keeps every state if asked. */
export const finished = async (options: DistillOptions, keep = false): Promise<FinishedRun> => {
  const states: DistillState[] = [];
  const save = (state: DistillState) => {
    states.push(state);
  };
  const run = distill({ klEvery: options.steps, ...options, ...(keep ? { checkpoint: { save, seconds: 0 } } : {}) });
  const told: DistillProgress[] = [];
  for (;;) {
    const next = await run.next();
    if (next.done) return { told, states, ...next.value };
    told.push(next.value);
  }
};
