/**
 * Language models behind one port, and what steers them.
 *
 * @packageDocumentation
 */
export * from "./constraints/index.ts";
export * from "./grammars/index.ts";
export * from "./lookahead/index.ts";
export * from "./models/index.ts";
export * from "./potentials/index.ts";
export * from "./samplers/index.ts";
export * from "./vocabulary/index.ts";
