import { automaton } from "../automata/automaton.ts";
import { type LayeredAutomaton, layered } from "../layered.ts";
import { differenceOf } from "../same-space.ts";
import type { AutomatonForm } from "./automaton-form.ts";
import { depthwiseForm } from "./depthwise-form.ts";
import { homogeneousForm } from "./homogeneous-form.ts";

/** The most compact form of a space that reads back as an equal space. */
export const formOf = (space: LayeredAutomaton): AutomatonForm => {
  const repeated = homogeneousForm(space);
  if (repeated && readsBack(repeated, space)) return repeated;
  const { depths, ...form } = depthwiseForm(space);
  return readsBack(form, space) ? form : { ...form, depths };
};

const readsBack = (form: Omit<AutomatonForm, "depths">, space: LayeredAutomaton): boolean =>
  differenceOf(space, layered(automaton({ ...form, tokens: space.tokens }), space)) === undefined;
