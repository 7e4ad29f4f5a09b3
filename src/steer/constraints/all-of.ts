import { complement, minimize, product } from "../../space/index.ts";
import { anyText, type Constraint, textConstraint } from "./constraint.ts";

/**
 * All of some constraints at once, as one automaton: what cannot go together is noticed before any token is drawn.
 *
 * @throws RangeError where there are none, or their automata are too large together
 * @example
 * ```ts
 * import { allOf, allows, characterLength, matches } from "arbel/steer";
 * const wish = allOf([matches("(ab)*"), characterLength({ minimum: 3, maximum: 5 })]);
 * console.log(allows(wish, "abab"), allows(wish, "ab")); // true, false
 * ```
 */
export const allOf = (constraints: readonly Constraint[]): Constraint => {
  const [first, ...others] = constraints;
  if (first === undefined) throw new RangeError(`"constraints" must hold at least one constraint`);
  return others.reduce(
    (left, right) => ({
      name: `${left.name}, and ${right.name}`,
      bytes: minimize(product(left.bytes, right.bytes)),
      minimumTokens: Math.max(left.minimumTokens, right.minimumTokens),
      maximumTokens: Math.min(left.maximumTokens, right.maximumTokens),
    }),
    first,
  );
};

/**
 * The texts that a constraint does not allow.
 *
 * @throws RangeError where the constraint is on the number of tokens: give the other bounds instead
 * @example
 * ```ts
 * import { allows, except, matches } from "arbel/steer";
 * console.log(allows(except(matches("a+")), "aab"), allows(except(matches("a+")), "aa")); // true, false
 * ```
 */
export const except = (constraint: Constraint): Constraint => {
  if (constraint.minimumTokens > 0 || constraint.maximumTokens < Infinity) {
    throw new RangeError(`"${constraint.name}" is on the number of tokens: give tokenLength the other bounds instead`);
  }
  return textConstraint(
    `not (${constraint.name})`,
    minimize(product(anyText(), minimize(complement(constraint.bytes)))),
  );
};
