export { alignTables } from "./align-tables.ts";
export { type Arc, type Automaton, accepts, automaton, step } from "./automata/automaton.ts";
export { byteGrammar, NestedGrammarError } from "./automata/byte-grammar.ts";
export { byteRegex } from "./automata/byte-regex.ts";
export { complement } from "./automata/complement.ts";
export { keywords } from "./automata/keywords.ts";
export { lengthRange } from "./automata/length-range.ts";
export { minimize } from "./automata/minimize.ts";
export { BEGIN, type NgramContexts, ngramContexts } from "./automata/ngram-contexts.ts";
export { product } from "./automata/product.ts";
export { regex } from "./automata/regex.ts";
export { type Restriction, restrict } from "./automata/restrict.ts";
export { checkSameTokens } from "./automata/same-tokens.ts";
export { trie } from "./automata/trie.ts";
export { isEmpty, trim } from "./automata/trim.ts";
export { BYTES, bytesOfText } from "./automata/utf8.ts";
export { countPaths, countResponses } from "./count.ts";
export { emptyLevel, emptyValues } from "./empty-level.ts";
export { emptyLevels } from "./empty-levels.ts";
export { InputError } from "./files/input-error.ts";
export { formatTable, parseTable } from "./files/table-json.ts";
export { formatSafetensors, parseSafetensors } from "./files/table-safetensors.ts";
export { type ArcLayer, arcLayer, type LayeredAutomaton, layered, spaceOfLayers } from "./layered.ts";
export { arcsOf, responses } from "./responses.ts";
export { checkSameSpace, differenceOf } from "./same-space.ts";
export { countArcs, countStates } from "./size.ts";
export { actionAt, checkHorizon, END, type Layer, lengthOf, type Space, textOf, tokenNames } from "./space.ts";
export {
  checkDepths,
  checkFits,
  type Kind,
  placeOf,
  TABLE_BYTES_LIMIT,
  type Table,
  table,
  tableBytes,
  tableOf,
  tableOfArcs,
} from "./table.ts";
export { prefixOf, type Tree, tree } from "./tree.ts";
