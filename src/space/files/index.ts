/**
 * Tables on disk, for Node: reading and writing whole files.
 *
 * @packageDocumentation
 */
export { atomicWrite, checkTarget } from "./atomic-write.ts";
export { formatOf, readTable, writeTable } from "./disk.ts";
export { makeFolder } from "./folder.ts";
export { InputError } from "./input-error.ts";
