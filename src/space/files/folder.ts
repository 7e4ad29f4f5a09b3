import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { systemCall } from "./system-error.ts";

/** Makes a folder for files, where there is none, and checks that they can be written. @throws InputError */
export const makeFolder = (path: string): void => {
  systemCall(path, () => makeWithParents(path));
  systemCall(path, () => accessSync(path, constants.W_OK));
};

/** As `mkdir -p`. That of Node tries for ever where the system says that a folder's parent is missing which is there, as in /proc. */
const makeWithParents = (path: string): void => {
  try {
    mkdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && statSync(path).isDirectory()) return;
    const parent = dirname(path);
    if (code !== "ENOENT" || parent === path || isFolder(parent)) throw error;
    makeWithParents(parent);
    makeWithParents(path);
  }
};

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
