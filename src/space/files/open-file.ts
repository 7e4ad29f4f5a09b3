import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { InputError } from "./input-error.ts";
import { systemCall } from "./system-error.ts";

/** Opens a regular file for reading while `work` runs. @throws InputError where the system refuses, or it is no file */
export const withFile = <T>(path: string, work: (file: number, size: number) => T): T => {
  const status = systemCall(path, () => statSync(path));
  // to open a pipe would wait for its writer
  if (!status.isFile()) {
    const what = status.isDirectory() ? "is a folder" : "is no regular file";
    throw new InputError(`${path}: ${what}: name a file`);
  }
  const file = systemCall(path, () => openSync(path, "r"));
  try {
    return work(file, fstatSync(file).size);
  } finally {
    closeSync(file);
  }
};

/** Most bytes asked of the system at once: it gives no more than 2 GiB. */
const CHUNK = 2 ** 30;

/** Fills `out` with a file's bytes from `position` on. @throws InputError where the file ends before */
export const readFully = (file: number, position: number, out: Uint8Array, path: string) => {
  let done = 0;
  while (done < out.length) {
    const length = Math.min(CHUNK, out.length - done);
    const read = systemCall(path, () => readSync(file, out, done, length, position + done));
    if (read === 0) throw new InputError(`${path}: became shorter while it was read: try again`);
    done += read;
  }
};
