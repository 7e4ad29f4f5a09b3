import { byteRegex } from "../../space/index.ts";
import { type Constraint, quoted, textConstraint } from "./constraint.ts";

/**
 * The whole response matches a JavaScript regular expression.
 *
 * It is read by code points, as with the flag `u`. Greedy or lazy, capturing or not make no difference; `^` and `$` at the outer
 * edges say nothing more.
 *
 * @throws SyntaxError where the pattern is not a regular expression; RangeError where it has parts that no automaton has
 * (look-around, back-references, boundaries), named with their place, or where its automaton explodes
 * @example
 * ```ts
 * import { allows, matches } from "arbel/steer";
 * const name = matches("[A-Z][a-zé]+( [A-Z][a-zé]+)?");
 * console.log(allows(name, "Zoé Smith"), allows(name, "zoé")); // true, false
 * ```
 */
export const matches = (pattern: string | RegExp): Constraint =>
  textConstraint(`matches ${quoted(String(pattern))}`, byteRegex(pattern));
