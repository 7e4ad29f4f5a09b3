import type { Arc } from "../automata/automaton.ts";
import type { LayeredAutomaton } from "../layered.ts";
import { END } from "../space.ts";
import type { AutomatonForm } from "./automaton-form.ts";

/**
 * The form of any layered automaton: its states are numbered depth by depth, so that each occurs at one depth only and
 * one number per arc says everything. Without EOS an accepting state more is where all responses arrive.
 *
 * @throws RangeError where arcs end before the end of a response, or EOS does not end it
 */
export const depthwiseForm = (space: LayeredAutomaton): AutomatonForm & { readonly depths: readonly number[] } => {
  const depths = Array.from({ length: space.horizon }, (_, depth) => space.layer(depth).states);
  const arrival = depths.reduce((sum, states) => sum + states, 0);
  const arcs: Arc[] = [];
  const accept: number[] = [];
  const places: Place[] = [];
  const endings: Place[] = [];
  let first = 0;
  for (const [depth, states] of depths.entries()) {
    const layer = space.layer(depth);
    const next = first + states;
    for (let state = 0; state < states; state++) {
      for (let arc = layer.firstArc(state); arc < layer.firstArc(state + 1); arc++) {
        const action = layer.action(arc, state);
        const target = layer.target(arc, state);
        const isEos = action === space.tokens.length;
        checkEnd(space, depth, isEos, target);
        if (isEos) accept.push(first + state);
        else arcs.push([first + state, action, target === END ? arrival : next + target]);
        (isEos ? endings : places).push([depth, arc]);
      }
    }
    first = next;
  }
  if (!space.eos) accept.push(arrival);
  return {
    states: arrival + (space.eos ? 0 : 1),
    start: space.start,
    depths: space.eos ? depths : [...depths, 1],
    arcs,
    accept,
    oneForAll: (levels) => {
      const numberAt = ([depth, arc]: Place) => (levels[depth] as Float64Array)[arc] as number;
      return { arcs: places.map(numberAt), ending: space.eos ? endings.map(numberAt) : [arrivalNumber(levels)] };
    },
    perDepth: () => [],
  };
};

type Place = readonly [depth: number, arc: number];

const checkEnd = (space: LayeredAutomaton, depth: number, isEos: boolean, target: number) => {
  const ends = isEos || (!space.eos && depth === space.horizon - 1);
  if (ends !== (target === END)) {
    throw new RangeError(
      `an arc at depth ${depth} ${ends ? "must end the response" : "ends the response too early"}: ` +
        `responses end with ${space.eos ? "EOS" : `their token ${space.horizon}`}`,
    );
  }
};

/** What arriving adds: nothing; −0 where adding 0 would turn a −0 into 0. */
const arrivalNumber = (levels: readonly Float64Array[]): number =>
  (levels[levels.length - 1] as Float64Array).some((x) => Object.is(x, -0)) ? -0 : 0;
