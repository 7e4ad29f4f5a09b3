import { InputError } from "../../space/index.ts";
import type { Constraint } from "../constraints/constraint.ts";
import type { Vocabulary } from "../vocabulary/index.ts";
import { kept } from "./kept.ts";
import type { Potential } from "./potential.ts";
import { type TokenAutomaton, tokenAutomaton } from "./token-automaton.ts";

/** Where a response stands in a constraint. */
export interface ConstraintState {
  /** Node of the automaton over tokens. */
  readonly node: number;
  /** How many tokens may still follow, the end not counted; `Infinity` where there is no bound. */
  readonly left: number;
}

/** A constraint as a potential of a model's tokens: `φ` is 0 where it is satisfied, −∞ elsewhere. */
export interface ConstraintPotential extends Potential<ConstraintState> {
  readonly hard: true;
  readonly constraint: Constraint;
  readonly automaton: TokenAutomaton;
  /** Most tokens of a response, the end not counted. */
  readonly maximumTokens: number;
}

/** Memory for rows that may be asked for again, in bytes. */
const ROW_BYTES = 2 ** 26;

/**
 * A constraint on the text of a response, as a potential over a model's tokens.
 *
 * Every spelling of an allowed text by tokens is allowed, also where tokens are parts of characters. A row forbids tokens after
 * which the constraint cannot be satisfied any more: never, not by the vocabulary's tokens, or not in the tokens that are left.
 * So masking by its rows never runs into a dead end, unless the model gives probability 0 to what is left.
 *
 * The first call walks the bytes of all tokens once for each state of the constraint's automaton that lies between tokens: a
 * hundred states take some 10 ms with 512 tokens and a second with 150,000.
 *
 * @param options.maximumTokens most tokens of a response, the end not counted: the same number that the sampler is given
 * @throws InputError where no response can satisfy the constraint: its automaton is empty, the tokens do not spell it, or
 * it needs more tokens
 * @example
 * ```ts
 * import { table, tree } from "arbel";
 * import { constrain, matches, tableModel } from "arbel/steer";
 * const space = tree({ tokens: ["a", "b", "ab"], horizon: 4, eos: true });
 * const { vocabulary } = tableModel(table(space, "logits", () => 0));
 * const potential = constrain(matches("(ab)+"), vocabulary, { maximumTokens: 3 });
 * const [row] = await potential.rows([potential.start().state]);
 * console.log(row); // Float64Array(4) [ 0, -Infinity, 0, -Infinity ]
 * ```
 */
export const constrain = (
  constraint: Constraint,
  vocabulary: Vocabulary,
  options: { readonly maximumTokens?: number } = {},
): ConstraintPotential => {
  const maximumTokens = Math.min(constraint.maximumTokens, checkMaximum(options.maximumTokens ?? Infinity));
  const automaton = tokenAutomaton(vocabulary, constraint);
  refuseTooLong(automaton, constraint, maximumTokens);
  const { rowOf, entryOf } = maskRows(automaton);
  return {
    name: constraint.name,
    hard: true,
    constraint,
    automaton,
    maximumTokens,
    start: () => ({ state: { node: 0, left: maximumTokens }, value: 0 }),
    rows: (states) => Promise.resolve(states.map(rowOf)),
    at: (states, tokens) =>
      Promise.resolve(Float64Array.from(states, (state, index) => entryOf(state, tokens[index] as number))),
    advance: ({ node, left }, token) => ({ node: automaton.step(node, token), left: left - 1 }),
  };
};

const checkMaximum = (maximumTokens: number): number => {
  if (maximumTokens === Infinity || (Number.isSafeInteger(maximumTokens) && maximumTokens >= 0)) return maximumTokens;
  throw new RangeError(`"maximumTokens" must be a whole number ≥ 0, got ${String(maximumTokens)}`);
};

const refuseTooLong = ({ least }: TokenAutomaton, { name }: Constraint, maximumTokens: number): void => {
  const needed = least[0] as number;
  if (needed <= maximumTokens) return;
  throw new InputError(
    `"${name}" needs at least ${needed} tokens, but a response has at most ${maximumTokens}: allow more tokens`,
  );
};

/** Rows of 0 and −∞ by state. Nodes whose targets can all finish in the tokens left share one row for all such counts. */
const maskRows = (automaton: TokenAutomaton) => {
  const { vocabulary, accepting, least } = automaton;
  const slack = neededBy(automaton);
  const computeRow = (node: number, left: number): Float64Array => {
    const row = new Float64Array(vocabulary.size).fill(-Infinity);
    const { tokens, targets } = automaton.arcs(node);
    for (let arc = 0; arc < tokens.length; arc++) {
      if ((least[targets[arc] as number] as number) < left) row[tokens[arc] as number] = 0;
    }
    if (accepting[node]) for (const end of vocabulary.ends) row[end] = 0;
    return row;
  };
  const rows = kept(
    (key) => computeRow(key % automaton.nodes, Math.floor(key / automaton.nodes)),
    ({ byteLength }) => byteLength,
    ROW_BYTES,
  );
  return {
    rowOf: ({ node, left }: ConstraintState) => rows(Math.min(left, slack(node)) * automaton.nodes + node),
    entryOf: ({ node, left }: ConstraintState, token: number): number => {
      if (vocabulary.ends.includes(token)) return accepting[node] ? 0 : -Infinity;
      const target = automaton.step(node, token);
      return target >= 0 && (least[target] as number) < left ? 0 : -Infinity;
    },
  };
};

/** How many tokens left are as good as any number of them: one more than any target needs. */
const neededBy = ({ arcs, nodes, least }: TokenAutomaton): ((node: number) => number) => {
  const known = new Int32Array(nodes).fill(-1);
  return (node) => {
    if ((known[node] as number) < 0) {
      known[node] = arcs(node).targets.reduce((most, target) => Math.max(most, (least[target] as number) + 1), 0);
    }
    return known[node] as number;
  };
};
