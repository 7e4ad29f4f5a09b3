import type { Arc } from "../automata/automaton.ts";
import { homogeneous } from "../homogeneous.ts";
import type { LayeredAutomaton } from "../layered.ts";
import { END, type Layer } from "../space.ts";
import type { AutomatonForm, Beside } from "./automaton-form.ts";
import { sameNumbers } from "./number-text.ts";

/** The form of a space whose depths repeat one layer; undefined for other spaces. */
export const homogeneousForm = (space: LayeredAutomaton): AutomatonForm | undefined => {
  const repeated = homogeneous(space);
  if (!repeated) return undefined;
  const { body, accepting } = repeated;
  const accept = [...accepting.keys()].filter((state) => accepting[state] === 1);
  const parts = partsOf(space, body, accept);
  return {
    states: body.states,
    start: space.start,
    arcs: parts.arcs,
    accept,
    oneForAll: (levels) => (space.eos ? withEos(levels, parts) : withoutEos(levels, parts, accept)),
    perDepth: (levels, depth) => {
      const level = levels[depth] as Float64Array;
      if (depth < space.horizon - 1) return [...pick(level, parts.inBody), ...pick(level, parts.endInBody)];
      return [
        ...pick(
          level,
          parts.inLast.filter((arc) => arc >= 0),
        ),
        ...pick(level, parts.endInLast),
      ];
    },
  };
};

/** Where the form's arcs and endings stand in the two layers; −1 where the last depth lacks an arc. */
interface Parts {
  readonly arcs: readonly Arc[];
  readonly inBody: readonly number[];
  readonly inLast: readonly number[];
  readonly endInBody: readonly number[];
  readonly endInLast: readonly number[];
}

const partsOf = (space: LayeredAutomaton, body: Layer, accept: readonly number[]): Parts => {
  const last = space.layer(space.horizon - 1);
  const eosAction = space.tokens.length;
  const arcs: Arc[] = [];
  const inBody: number[] = [];
  const inLast: number[] = [];
  for (let state = 0; state < body.states; state++) {
    for (let arc = body.firstArc(state); arc < body.firstArc(state + 1); arc++) {
      const target = body.target(arc, state);
      if (target === END) continue;
      const action = body.action(arc, state);
      arcs.push([state, action, target]);
      inBody.push(arc);
      inLast.push(last.arcOf(state, action));
    }
  }
  const endIn = (layer: Layer) => (space.eos ? accept.map((state) => layer.arcOf(state, eosAction)) : []);
  return { arcs, inBody, inLast, endInBody: endIn(body), endInLast: endIn(last) };
};

const pick = (level: Float64Array, arcs: readonly number[]): number[] => arcs.map((arc) => level[arc] as number);

/** Whether all depths but the last have the same numbers. */
const repeats = (levels: readonly Float64Array[]): boolean =>
  levels.every(
    (level, depth) => depth === 0 || depth === levels.length - 1 || sameNumbers(level, levels[0] as Float64Array),
  );

const withEos = (levels: readonly Float64Array[], { inBody, endInBody, endInLast }: Parts): Beside | undefined => {
  const [body, last] = [levels[0] as Float64Array, levels[levels.length - 1] as Float64Array];
  const ending = pick(body, endInBody);
  if (!repeats(levels) || !sameNumbers(Float64Array.from(ending), Float64Array.from(pick(last, endInLast)))) {
    return undefined;
  }
  return { arcs: pick(body, inBody), ending };
};

const withoutEos = (levels: readonly Float64Array[], parts: Parts, accept: readonly number[]): Beside | undefined => {
  if (!repeats(levels)) return undefined;
  const numbers = pick(levels[0] as Float64Array, parts.inBody);
  const last = levels[levels.length - 1] as Float64Array;
  const arrivals = new Map<number, Arrival[]>(accept.map((state) => [state, []]));
  for (const [index, arc] of parts.inLast.entries()) {
    if (arc < 0) continue;
    arrivals.get(parts.arcs[index]?.[2] as number)?.push([numbers[index] as number, last[arc] as number]);
  }
  const ending = [...arrivals.values()].map(addedNumber);
  return ending.includes(undefined) ? undefined : { arcs: numbers, ending: ending as number[] };
};

/** An arc's number at all depths but the last, and at the last, where it ends the response. */
type Arrival = readonly [number: number, sum: number];

/** The number that an accepting state adds to those of the arcs that arrive, if one gives all sums bit for bit. */
const addedNumber = (arrivals: readonly Arrival[]): number | undefined => {
  // −∞ stays −∞ whatever is added: such an arc does not tell
  const [number, sum] = arrivals.find(([number]) => number !== -Infinity) ?? [0, 0];
  // adding 0 turns −0 into 0, adding −0 changes nothing; and 15 digits are what a person may have written
  const guesses = number === sum ? [0, -0] : [Number((sum - number).toPrecision(15)), sum - number];
  return guesses.find((guess) => arrivals.every(([number, sum]) => Object.is(number + guess, sum)));
};
