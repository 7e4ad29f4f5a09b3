export type { GrammarEngine } from "./engine.ts";
export { grammar } from "./grammar.ts";
export { type GrammarPotential, type GrammarState, grammarPotential } from "./grammar-potential.ts";
export { type JsonLayout, jsonSchemaGrammar } from "./json-schema.ts";
