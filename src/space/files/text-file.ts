import { appendFileSync } from "node:fs";
import { atomicWrite } from "./atomic-write.ts";
import { InputError } from "./input-error.ts";
import { readFully, withFile } from "./open-file.ts";
import { decode } from "./safetensors-read.ts";
import { systemCall } from "./system-error.ts";

/** Longest text file, 512 MiB: no longer text fits in one string of JavaScript. */
const TEXT_LIMIT = 2 ** 29 - 32;

/** Reads a text file in UTF-8. @throws InputError where it cannot be read, is too long or is no UTF-8 */
export const readText = (path: string): string =>
  withFile(path, (file, size) => {
    if (size > TEXT_LIMIT) {
      throw new InputError(
        `${path}: ${(size / 2 ** 20).toFixed(0)} MiB of text is above the limit of 512 MiB: split it`,
      );
    }
    const bytes = new Uint8Array(size);
    readFully(file, 0, bytes, path);
    return decode(bytes, path);
  });

/** Reads a whole file. @throws InputError where it cannot be read */
export const readBytes = (path: string): Uint8Array =>
  withFile(path, (file, size) => {
    const bytes = new Uint8Array(size);
    readFully(file, 0, bytes, path);
    return bytes;
  });

/** Writes a text file whole or not at all. @throws InputError where the system refuses */
export const writeText = (path: string, text: string): void => atomicWrite(path, [new TextEncoder().encode(text)]);

/** Adds text to the end of a file, which is made where there is none. @throws InputError where the system refuses */
export const appendText = (path: string, text: string): void => systemCall(path, () => appendFileSync(path, text));
