import type { ConstraintPotential, ConstraintState } from "../potentials/constrain.ts";
import type { Potential } from "../potentials/potential.ts";
import { backOffOf } from "./back-off.ts";
import { type LookaheadState, lookAhead } from "./look-ahead.ts";
import { checkSurrogateVocabulary, type Surrogate } from "./surrogate.ts";
import { surrogateValues } from "./surrogate-values.ts";

/**
 * A constraint that looks ahead by a surrogate: `Û(s) = log P(the surrogate finishes within the constraint | s)`.
 *
 * Values are computed once, for all places of the constraint, contexts of the surrogate and numbers of tokens left: time
 * is tokens × places × known n-grams, as 50 × 100 × 50,000 in about a second; memory 8 bytes × tokens × places × contexts.
 * The start's value is the surrogate's own guess of the price, `log Z`.
 *
 * @param potential made by {@link constrain}, with the bound on the tokens that the sampler is given
 * @param prompt tokens before the response
 * @throws RangeError where the surrogate has other tokens, or values would not fit
 * @example
 * ```ts
 * import { table, tree } from "arbel";
 * import { constrain, fitSurrogate, matches, surrogateLookahead, tableModel } from "arbel/steer";
 * const space = tree({ tokens: ["a", "b"], horizon: 5, eos: true });
 * const model = tableModel(table(space, "logits", (prefix, action) => (action === prefix.at(-1) ? 1 : 0)));
 * const fitting = fitSurrogate(model, { prompts: [[]], samples: 200, maximumTokens: 4, seed: 7 });
 * let step = await fitting.next();
 * while (!step.done) step = await fitting.next();
 * const wish = constrain(matches("a+b+"), model.vocabulary, { maximumTokens: 4 });
 * const guess = surrogateLookahead(wish, step.value, []).start().value;
 * console.log(Math.exp(guess).toFixed(1)); // 0.1: the surrogate's guess of the probability
 * ```
 */
export const surrogateLookahead = (
  potential: ConstraintPotential,
  surrogate: Surrogate,
  prompt: readonly number[],
): Potential<LookaheadState<ConstraintState, number>> => {
  const { automaton, maximumTokens } = potential;
  const { vocabulary } = automaton;
  checkSurrogateVocabulary(surrogate, vocabulary);
  const contexts = backOffOf(surrogate, vocabulary);
  const values = surrogateValues(automaton, contexts, maximumTokens);
  const rowAfter = ({ state: { node, left }, memo }: { state: ConstraintState; memo: number }): Float64Array => {
    const row = new Float64Array(vocabulary.size).fill(-Infinity);
    const { tokens, targets } = automaton.arcs(node);
    const next = contexts.next(memo);
    for (let arc = 0; arc < tokens.length; arc++) {
      const target = targets[arc] as number;
      if ((automaton.least[target] as number) >= left) continue;
      row[tokens[arc] as number] = values.value(target, next[tokens[arc] as number] as number, left - 1);
    }
    return row;
  };
  return lookAhead(potential, vocabulary.ends, {
    name: `a surrogate of order ${surrogate.order}`,
    start: ({ node, left }) => {
      const memo = contexts.contextOf(prompt);
      return { memo, value: values.value(node, memo, left) };
    },
    next: (states) => Promise.resolve(states.map(rowAfter)),
    advance: (memo, token) => contexts.next(memo)[token] as number,
  });
};
