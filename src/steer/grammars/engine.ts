import type { GrammarCompiler, GrammarMatcher, Testings, TokenizerInfo } from "@mlc-ai/web-xgrammar";

/**
 * What is used of `@mlc-ai/web-xgrammar`: in Node `loadGrammarEngine` of `arbel/steer/node` gives it, in a page the package's
 * script puts it at `globalThis.xgrammar`.
 */
export interface GrammarEngine {
  readonly GrammarCompiler: Pick<typeof GrammarCompiler, "createGrammarCompiler">;
  readonly GrammarMatcher: Pick<typeof GrammarMatcher, "createGrammarMatcher">;
  readonly Testings: Pick<typeof Testings, "_jsonSchemaToEBNF">;
  readonly TokenizerInfo: Pick<typeof TokenizerInfo, "createTokenizerInfo">;
}
