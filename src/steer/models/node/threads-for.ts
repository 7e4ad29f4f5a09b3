import { statSync } from "node:fs";

/** Models below this gain nothing from more threads, and lose a lot where other work keeps the cores busy: threads wait for one another by spinning. */
const SMALL = 2 ** 26;

/** Threads for a model of so many bytes: those asked for, or 1 for a small model and else one a core, which 0 stands for. */
export const threadsFor = (asked: number | undefined, bytes: number): number => {
  if (asked === undefined) return bytes < SMALL ? 1 : 0;
  if (Number.isSafeInteger(asked) && asked >= 0) return asked;
  throw new RangeError(`"threads" must be a whole number ≥ 0, got ${asked}`);
};

/** Size of a file, in bytes. */
export const sizeOfFile = (path: string): number => statSync(path).size;
