import { setImmediate } from "node:timers/promises";
import type { LogEntry, RunFolder } from "../learn/files/index.ts";
import type { Output } from "./output.ts";
import { type Progress, showProgress } from "./progress.ts";

/** Entries between two writes of the log. */
const ENTRIES_AT_ONCE = 50;

/** The log of a run. */
export type RunLog<Entry extends LogEntry> = ReturnType<typeof runLog<Entry>>;

/** The run's log from a step on; entries are written some at a time. */
export const runLog = <Entry extends LogEntry>(folder: RunFolder, step: number) => {
  const times = folder.logUntil(step).map(({ stepMilliseconds }) => stepMilliseconds);
  let waiting: Entry[] = [];
  const flush = () => {
    folder.log(waiting);
    waiting = [];
  };
  return {
    flush,
    add: (entry: Entry) => {
      times.push(entry.stepMilliseconds);
      waiting.push(entry);
      if (waiting.length >= ENTRIES_AT_ONCE) flush();
    },
    medianMilliseconds: (): number => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN,
  };
};

/** Milliseconds after which signals and timers have their turn, which steps that wait for nothing would keep from them. */
const PATIENCE = 20;

/** Shows a run's progress; gives what the run returns. */
export const shownRun = async <Step, T>(
  output: Output,
  run: AsyncGenerator<Step, T>,
  told: (step: Step) => Progress,
): Promise<T> => {
  let result: { readonly value: T } | undefined;
  let turned = performance.now();
  async function* progress(): AsyncGenerator<Progress> {
    for (;;) {
      const next = await run.next();
      if (performance.now() - turned > PATIENCE) {
        await setImmediate();
        turned = performance.now();
      }
      if (next.done) {
        result = next;
        return;
      }
      yield told(next.value);
    }
  }
  await showProgress(output, progress());
  return (result as { readonly value: T }).value;
};
