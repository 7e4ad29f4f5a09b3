import { existsSync } from "node:fs";
import type { Tensors } from "../../learn/index.ts";
import { type FileTensor, InputError, readTensorFile, writeTensorFile } from "../../space/files/index.ts";

const FORMAT = "arbel-reproduce-run";
const SNAPSHOT = "snapshot.";

/** Where a training of the report is: enough to go on with the same numbers, or to draw the report. */
export interface RunState {
  readonly step: number;
  /** Whether nothing is left to do. */
  readonly finished: boolean;
  /** Weights; while unfinished, also what the optimiser remembers. */
  readonly tensors: Tensors;
  /** Numbers of the model's table by the step that it was taken after. */
  readonly snapshots: ReadonlyMap<number, Float32Array>;
  /** Wall time so far, in seconds. */
  readonly seconds: number;
}

/** Writes a run's state, whole or not at all. */
export const writeRun = (path: string, run: string, state: RunState): void => {
  const { step, finished, seconds, tensors, snapshots } = state;
  const list = [
    ...Object.entries(tensors).map(([name, { shape, data }]) => ({ name, shape, data })),
    ...Array.from(snapshots, ([at, data]) => ({ name: `${SNAPSHOT}${at}`, shape: [data.length], data })),
  ];
  const words = { step: String(step), finished: String(finished), seconds: String(seconds) };
  writeTensorFile(path, list, { format: FORMAT, run, ...words });
};

/** The state of a run, or undefined where the file is missing, damaged, or of a run with other options. */
export const readRun = (path: string, run: string): RunState | undefined => {
  if (!existsSync(path)) return undefined;
  const file = tryReading(path);
  if (!file || file.metadata.format !== FORMAT || file.metadata.run !== run) return undefined;
  const { step, finished, seconds } = file.metadata;
  const entries = Object.entries(file.tensors);
  const isSnapshot = ([name]: readonly [string, FileTensor]) => name.startsWith(SNAPSHOT);
  return {
    step: Number(step),
    finished: finished === "true",
    seconds: Number(seconds),
    tensors: Object.fromEntries(entries.filter((entry) => !isSnapshot(entry))),
    snapshots: new Map(
      entries
        .filter(isSnapshot)
        .map(([name, { data }]) => [Number(name.slice(SNAPSHOT.length)), data as Float32Array] as const)
        .toSorted(([a], [b]) => a - b),
    ),
  };
};

const tryReading = (path: string) => {
  try {
    return readTensorFile(path);
  } catch (error) {
    // what is damaged is done again
    if (error instanceof InputError) return undefined;
    throw error;
  }
};
