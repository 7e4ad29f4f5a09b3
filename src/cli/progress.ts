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

/** Share of the work between two lines where nothing can be redrawn. */
const STEP = 0.1;

/** Shows a run's progress on stderr until it ends: a bar on a terminal, else a line every tenth of the work. */
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
  for await (const progress of run) {
    const share = progress.done / progress.total;
    if (share < next) continue;
    const parts = [`${Math.floor(100 * share)} %`, leftOf(progress), progress.label];
    await output.log(parts.filter((part) => part !== "").join("  "));
    next = share + STEP;
  }
};

const leftOf = ({ secondsLeft }: Progress): string =>
  secondsLeft === undefined ? "" : `${Math.ceil(secondsLeft)} s left`;
