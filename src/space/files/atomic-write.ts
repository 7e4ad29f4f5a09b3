import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { InputError } from "./input-error.ts";
import { systemCall } from "./system-error.ts";

/**
 * Writes a file whole or not at all: to a temporary name in the same folder, synchronised to disk, then renamed.
 *
 * @throws InputError where the system refuses, and whatever making the pieces throws; nothing is left behind
 */
export const atomicWrite = (path: string, pieces: Iterable<Uint8Array>): void => {
  checkTarget(path);
  removeAbandoned(path);
  const temporary = join(dirname(path), `${temporaryPrefix(path)}${process.pid}.part`);
  const file = systemCall(path, () => openSync(temporary, "w"));
  try {
    try {
      for (const piece of pieces) writeFully(file, piece, path);
      systemCall(path, () => fsyncSync(file));
    } finally {
      closeSync(file);
    }
    systemCall(path, () => renameSync(temporary, path));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
};

const temporaryPrefix = (path: string) => `.${basename(path).slice(0, 100)}.`;

/** Removes temporary files of this file that a killed process left behind. */
const removeAbandoned = (path: string) => {
  const prefix = temporaryPrefix(path);
  for (const name of systemCall(path, () => readdirSync(dirname(path)))) {
    const owner = name.startsWith(prefix) && /^(\d+)\.part$/.exec(name.slice(prefix.length))?.[1];
    if (owner && !isRunning(Number(owner))) rmSync(join(dirname(path), name), { force: true });
  }
};

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
};

/** Refuses a file that could not be written, before the work whose result goes there. */
export const checkTarget = (path: string): void => {
  const folder = systemCall(dirname(path), () => statSync(dirname(path)));
  if (!folder.isDirectory()) throw new InputError(`${dirname(path)}: is a file, not a folder: choose another folder`);
  systemCall(dirname(path), () => accessSync(dirname(path), constants.W_OK));
  if (systemCall(path, () => statSync(path, { throwIfNoEntry: false }))?.isDirectory()) {
    throw new InputError(`${path}: is a folder: name a file`);
  }
};

const writeFully = (file: number, bytes: Uint8Array, path: string) => {
  let done = 0;
  while (done < bytes.length) {
    // the system writes no more than 2 GiB at once
    const length = Math.min(2 ** 30, bytes.length - done);
    done += systemCall(path, () => writeSync(file, bytes, done, length));
  }
};
