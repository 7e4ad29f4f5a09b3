export { type Arc, type Automaton, accepts, automaton, step } from "./automaton.ts";
export { complement } from "./complement.ts";
export { countPaths, countResponses } from "./count.ts";
export { InputError } from "./files/input-error.ts";
export { formatTable, parseTable } from "./files/table-json.ts";
export { formatSafetensors, parseSafetensors } from "./files/table-safetensors.ts";
export { keywords } from "./keywords.ts";
export { type ArcLayer, arcLayer, type LayeredAutomaton, layered, spaceOfLayers } from "./layered.ts";
export { lengthRange } from "./length-range.ts";
export { minimize } from "./minimize.ts";
export { BEGIN, type NgramContexts, ngramContexts } from "./ngram-contexts.ts";
export { product } from "./product.ts";
export { regex } from "./regex.ts";
export { arcsOf, responses } from "./responses.ts";
export { type Restriction, restrict } from "./restrict.ts";
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
export { trie } from "./trie.ts";
export { isEmpty, trim } from "./trim.ts";
