import { accessSync, constants, mkdirSync } from "node:fs";
import { systemCall } from "./system-error.ts";

/** Makes a folder for files, where there is none, and checks that they can be written. @throws InputError */
export const makeFolder = (path: string): void => {
  systemCall(path, () => mkdirSync(path, { recursive: true }));
  systemCall(path, () => accessSync(path, constants.W_OK));
};
