import { readFileSync } from "node:fs";
import { createRequire, Module } from "node:module";
import type { GrammarEngine } from "../engine.ts";

let loaded: GrammarEngine | undefined;

/**
 * The grammar engine `@mlc-ai/web-xgrammar`, in Node.
 *
 * The package's file is a CommonJS script that its `package.json` calls an ES module, so that Node's own `import` fails on
 * it (0.1.27); it is run here as what it is.
 */
export const loadGrammarEngine = (): GrammarEngine => {
  if (loaded) return loaded;
  const path = createRequire(import.meta.url).resolve("@mlc-ai/web-xgrammar");
  const script = new Module(path) as Module & { _compile(code: string, path: string): void };
  script.filename = path;
  script._compile(readFileSync(path, "utf8"), path);
  loaded = script.exports as GrammarEngine;
  return loaded;
};
