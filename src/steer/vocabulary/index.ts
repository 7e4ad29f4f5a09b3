export { type ModelTokens, type TokenizerFiles, tokenizerVocabulary } from "./tokenizer-vocabulary.ts";
export type { Vocabulary } from "./vocabulary.ts";
