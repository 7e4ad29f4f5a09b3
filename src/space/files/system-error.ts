import { InputError } from "./input-error.ts";

/** What to do about an error of the file system, by its code. */
const REPAIRS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder: check the name",
  EISDIR: "is a folder: name a file",
  ENOTDIR: "a part of the name is a file, not a folder: check the name",
  EEXIST: "is a file, not a folder: choose another name",
  EACCES: "permission denied: change the file's rights or choose another",
  EPERM: "permission denied: change the file's rights or choose another",
  EROFS: "the disk is read-only: choose another folder",
  ENOSPC: "the disk is full: make room or choose another folder",
  EDQUOT: "the quota of disk space is used up: make room or choose another folder",
  EFBIG: "the file would pass the limit of file sizes: raise it or choose another folder",
  EMFILE: "too many files are open: close some",
  ENAMETOOLONG: "the name is too long: shorten it",
  ELOOP: "the link leads back to itself: repair it",
};

/** Runs a call of the file system; its failure becomes an {@link InputError} that names the file and the repair. */
export const systemCall = <T>(path: string, call: () => T): T => {
  try {
    return call();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
    throw new InputError(`${path}: ${REPAIRS[code] ?? `the system refuses it (${code}): choose another file`}`, {
      cause: error,
    });
  }
};
