import type { CallOptions, Potential } from "../potentials/potential.ts";
import type { Vocabulary } from "../vocabulary/index.ts";
import { type LookaheadState, lookAhead } from "./look-ahead.ts";

/** Learned values: what a response so far, and each token after it, may still gain. */
export interface LearnedValues {
  /** What to call them. */
  readonly name: string;
  /** `Û` of the empty response, in nats. */
  readonly start: number;
  /**
   * `Û(s⊕a)` for each response so far and every token, rows `[vocabulary.size]` in nats. Those of a distilled student are made by `studentLookahead`.
   */
  next(prefixes: readonly (readonly number[])[], options?: CallOptions): Promise<readonly Float64Array[]>;
}

/**
 * A potential that looks ahead by any values of states, as learned by distillation.
 *
 * Whatever the values are, weights stay right; −∞ forbids, so a value that may be wrong should be finite.
 *
 * @example
 * ```ts
 * import { table, tree } from "arbel";
 * import { constrain, containing, tableModel, valueLookahead } from "arbel/steer";
 * const space = tree({ tokens: ["a", "b"], horizon: 4, eos: true });
 * const { vocabulary } = tableModel(table(space, "logits", () => 0));
 * const wish = constrain(containing({ must: ["ab"] }), vocabulary, { maximumTokens: 3 });
 * const eager = { name: "eager", start: -1, next: async (prefixes: readonly (readonly number[])[]) => prefixes.map(() => Float64Array.of(0, -2, 0)) };
 * const [row] = await valueLookahead(wish, vocabulary, eager).rows([valueLookahead(wish, vocabulary, eager).start().state]);
 * console.log(row); // Float64Array(3) [ 1, -1, -Infinity ]
 * ```
 */
export const valueLookahead = <State>(
  potential: Potential<State>,
  vocabulary: Vocabulary,
  values: LearnedValues,
): Potential<LookaheadState<State, readonly number[]>> =>
  lookAhead(potential, vocabulary.ends, {
    name: values.name,
    start: () => ({ memo: [] as readonly number[], value: values.start }),
    next: (states, options) =>
      values.next(
        states.map(({ memo }) => memo),
        options,
      ),
    advance: (memo, token) => [...memo, token],
  });
