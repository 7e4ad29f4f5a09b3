export { type Arc, type Automaton, accepts, automaton, step } from "./automaton.ts";
export { type ArcLayer, arcLayer, type LayeredAutomaton, layered, spaceOfLayers } from "./layered.ts";
export { actionAt, checkHorizon, END, type Layer, lengthOf, type Space, textOf, tokenNames } from "./space.ts";
export {
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
