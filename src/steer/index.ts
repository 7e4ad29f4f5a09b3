/**
 * Language models behind one port, and what steers them.
 *
 * @packageDocumentation
 */
export * from "./models/index.ts";
export * from "./vocabulary/index.ts";
