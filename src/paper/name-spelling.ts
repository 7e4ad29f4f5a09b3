import { type Arm, condition, mask, policy, toLogits } from "../bellman/index.ts";
import { actionAt, END, lengthOf, regex, type Table } from "../space/index.ts";
import { encode, LETTERS } from "./first-names.ts";

/** What is known of every next letter while one name is being spelled. */
export interface SpelledPosition {
  /** The letters before, and the action taken: a letter, or the end. */
  readonly prefix: string;
  readonly action: number;
  /** Probability of each action under the model, before conditioning, `[letters + end]`. */
  readonly before: Float64Array;
  /** `U(s⊕a)`: log-probability, in nats, that the name will fit after each action. */
  readonly lookahead: Float64Array;
  /** Probability of each action given that the name fits: `before · exp(U(s⊕a) − U(s))`. */
  readonly after: Float64Array;
  /** Probability of each action under local masking. */
  readonly masked: Float64Array;
}

/** Follows a name through the model, the exact conditional and the masked decoder. */
export const spell = (model: Table, pattern: string, name: string): SpelledPosition[] => {
  const machine = regex(pattern, LETTERS);
  const exact = toLogits(condition({ ...model, kind: "reward" }, machine));
  const after = followed(policy(exact), name);
  const masked = followed(mask(model, machine).reward, name);
  const lookahead = lookaheadAlong(exact, name);
  return followed(policy(model), name).map((before, depth) => ({
    prefix: name.slice(0, depth),
    action: actionAt(model.space, encode(name), depth),
    before: before.map(Math.exp),
    lookahead: lookahead[depth] as Float64Array,
    after: (after[depth] as Float64Array).map(Math.exp),
    masked: (masked[depth] as Float64Array).map(Math.exp),
  }));
};

/** A table's numbers for all actions after each beginning of a name; −∞ where there is no arc. */
const followed = (table: Table, name: string): Float64Array[] =>
  along(table, name, (depth, arc) => (table.levels[depth] as Float64Array)[arc] as number);

/** `V(s⊕a)` after each beginning of a name; 0 where the action ends it. */
const lookaheadAlong = ({ logits, values }: Arm, name: string): Float64Array[] =>
  along(logits, name, (depth, _arc, target) =>
    target === END ? 0 : ((values[depth + 1] as Float64Array)[target] as number),
  );

const along = (
  { space }: Table,
  name: string,
  numberOf: (depth: number, arc: number, target: number) => number,
): Float64Array[] => {
  const response = encode(name);
  let state = space.start;
  return Array.from({ length: lengthOf(space, response) }, (_, depth) => {
    const layer = space.layer(depth);
    const row = Float64Array.from({ length: space.actions }, (_, action) => {
      const arc = layer.arcOf(state, action);
      return arc < 0 ? -Infinity : numberOf(depth, arc, layer.target(arc, state));
    });
    const taken = layer.arcOf(state, actionAt(space, response, depth));
    if (taken < 0)
      throw new RangeError(`"name" must fit the pattern, but ${JSON.stringify(name)} leaves it at ${depth}`);
    state = layer.target(taken, state);
    return row;
  });
};
