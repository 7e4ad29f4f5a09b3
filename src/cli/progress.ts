import { SingleBar } from "cli-progress";
import type { Output } from "./output.ts";

/** Where a long run stands. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  /** What comes next. */
  readonly label: string;
  readonly secondsLeft?: number;
}

/** Seconds of a run after which its pace tells something. */
const KNOWN = 1;

/** Says how long a run takes from here, if it goes on as it has gone. */
export async function* withTimeLeft(run: AsyncIterable<Progress>): AsyncGenerator<Progress, void, void> {
  const began = performance.now();
  for await (const progress of run) {
    const { done, total } = progress;
    const seconds = (performance.now() - began) / 1000;
    yield seconds < KNOWN || done <= 0 ? progress : { ...progress, secondsLeft: (seconds * (total - done)) / done };
  }
}

/** Share of the work between two lines where nothing can be redrawn. */
const STEP = 0.1;
/** Milliseconds after which there is a line in any case. */
const PATIENCE = 60_000;

/** Shows a run's progress on stderr until it ends: a bar on a terminal, else a line every tenth of the work or minute. */
export const showProgress = async (output: Output, run: AsyncIterable<Progress>): Promise<void> =>
  output.terminal ? showBar(output.terminal, run) : showLines(output, run);

const showBar = async (terminal: NodeJS.WritableStream, run: AsyncIterable<Progress>): Promise<void> => {
  const bar = new SingleBar({
    stream: terminal,
    format: "{bar} {percentage} %  {left}  {label}",
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 24,
    clearOnComplete: true,
    // a run that is interrupted must not leave the terminal without its cursor
    hideCursor: false,
  });
  bar.start(1, 0, { label: "", left: "" });
  try {
    for await (const progress of run) {
      bar.setTotal(progress.total);
      bar.update(progress.done, { label: progress.label, left: leftOf(progress) });
    }
  } finally {
    bar.stop();
  }
};

const showLines = async (output: Output, run: AsyncIterable<Progress>): Promise<void> => {
  let next = 0;
  let last = performance.now();
  for await (const progress of run) {
    const share = progress.done / progress.total;
    if (share < next && performance.now() - last < PATIENCE) continue;
    const parts = [`${Math.floor(100 * share)} %`, leftOf(progress), progress.label];
    await output.log(parts.filter((part) => part !== "").join("  "));
    next = Math.max(next, share + STEP);
    last = performance.now();
  }
};

const leftOf = ({ secondsLeft }: Progress): string => {
  if (secondsLeft === undefined) return "";
  if (secondsLeft <= 100) return `${Math.ceil(secondsLeft)} s left`;
  const minutes = Math.ceil(secondsLeft / 60);
  return minutes <= 100 ? `${minutes} min left` : `${(minutes / 60).toFixed(1)} h left`;
};
