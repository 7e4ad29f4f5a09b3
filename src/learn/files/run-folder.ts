import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  appendText,
  checkTarget,
  InputError,
  makeFolder,
  readText,
  refuseFrom,
  writeText,
} from "../../space/files/index.ts";
import type { NumberTensors } from "../number-tensor.ts";
import type { TrainingState } from "../training/train.ts";
import { readCheckpoint, readNumberCheckpoint, writeCheckpoint } from "./checkpoint.ts";

/** Names of the files of a run, beside those of the model. */
const FILES = { run: "run.json", checkpoint: "checkpoint.safetensors", log: "log.jsonl" } as const;

const FORMAT = "arbel-run";
const VERSION = 1;

/** Options of a run as its file keeps them: what decides its numbers. */
export type RunOptions = Readonly<Record<string, unknown>>;

/** A run's folder: its options, checkpoint and log. */
export interface RunFolder {
  readonly options: RunOptions;
  /** The last saved state, where there is one. */
  resume(shapes: Readonly<Record<string, readonly number[]>>): TrainingState | undefined;
  /** The last saved state of a run in float64, where there is one; the run checks names and shapes itself. */
  resumeNumbers(): { readonly step: number; readonly tensors: NumberTensors } | undefined;
  /** Keeps a state instead of the one before. @throws InputError where it cannot; the one before is then whole */
  save(state: TrainingState | { readonly step: number; readonly tensors: NumberTensors }): void;
  /** Adds lines to `log.jsonl`. */
  log(entries: readonly LogEntry[]): void;
  /** The log's entries up to a step; later ones, of steps that will be made again, are removed from the file. */
  logUntil(step: number): LogEntry[];
  /** Adds the result to `run.json`. */
  finish(result: unknown): void;
}

/** A line of `log.jsonl`. */
export interface LogEntry {
  readonly step: number;
  readonly stepMilliseconds: number;
}

/**
 * Begins a run in a folder, made where there is none.
 *
 * @throws InputError where the folder holds a run already, or cannot be written
 */
export const beginRun = (folder: string, options: RunOptions): RunFolder => {
  checkNewRun(folder);
  makeFolder(folder);
  for (const name of Object.values(FILES)) checkTarget(join(folder, name));
  writeText(join(folder, FILES.run), runText(options));
  return runFolder(folder, options);
};

/** Refuses a folder that holds a run already, before the work of preparing a new one. @throws InputError */
export const checkNewRun = (folder: string): void => {
  if (existsSync(join(folder, FILES.run))) {
    throw new InputError(`${folder}: holds a run already: add --resume to go on with it, or name another folder`);
  }
};

/** Opens a folder to go on with its run. @throws InputError where it holds none */
export const openRun = (folder: string): RunFolder => {
  const path = join(folder, FILES.run);
  if (!existsSync(path)) throw new InputError(`${folder}: holds no run to resume: leave --resume out to begin one`);
  const run = refuseFrom(path, () => JSON.parse(readText(path)));
  if (run?.format !== FORMAT || typeof run.options !== "object" || run.options === null) {
    throw new InputError(`${path}: does not describe a run: begin again in another folder`);
  }
  if (run.version !== VERSION) {
    throw new InputError(
      `${path}: is of version ${JSON.stringify(run.version)}, but this arbel knows version ${VERSION} only: ` +
        "resume with the arbel that wrote it, or begin again in another folder",
    );
  }
  return runFolder(folder, run.options as RunOptions);
};

const runText = (options: RunOptions, result?: unknown): string => {
  const content = { format: FORMAT, version: VERSION, options, ...(result === undefined ? {} : { result }) };
  return `${JSON.stringify(content, null, 2)}\n`;
};

const runFolder = (folder: string, options: RunOptions): RunFolder => {
  const [run, checkpoint, log] = [FILES.run, FILES.checkpoint, FILES.log].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  // what the checkpoint is of, in a few characters
  const identity = sha256(JSON.stringify(options));
  return {
    options,
    resume: (shapes) => (existsSync(checkpoint) ? readCheckpoint(checkpoint, { run: identity, shapes }) : undefined),
    resumeNumbers: () => (existsSync(checkpoint) ? readNumberCheckpoint(checkpoint, identity) : undefined),
    save: (state) => {
      try {
        writeCheckpoint(checkpoint, { ...state, run: identity });
      } catch (error) {
        if (!(error instanceof InputError) || !existsSync(checkpoint)) throw error;
        throw new InputError(`${error.message}; the state saved before is whole, --resume goes on from there`, {
          cause: error,
        });
      }
    },
    log: (entries) => {
      if (entries.length === 0) return;
      appendText(log, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
    },
    logUntil: (step) => {
      const kept = existsSync(log) ? entriesOf(readText(log)).filter((entry) => entry.step <= step) : [];
      writeText(log, kept.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
      return kept;
    },
    finish: (result) => writeText(run, runText(options, result)),
  };
};

/** The entries of a log, the last of which may be cut short. */
const entriesOf = (text: string): LogEntry[] =>
  text.split("\n").flatMap((line) => {
    try {
      return [JSON.parse(line) as LogEntry];
    } catch {
      return [];
    }
  });

/** Fingerprint of a file's content, to tell whether it has changed. */
export const sha256 = (text: string | Uint8Array): string => createHash("sha256").update(text).digest("hex");
