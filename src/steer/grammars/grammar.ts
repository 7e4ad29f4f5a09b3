import { byteGrammar } from "../../space/index.ts";
import { type Constraint, textConstraint } from "../constraints/constraint.ts";

/**
 * The response is a text of a grammar whose rules refer to themselves at their end only: it has an automaton, so that every
 * lookahead works. Other grammars are potentials of a grammar engine's masks: see `grammarPotential`.
 *
 * @param source in extended Backus–Naur form: `root ::= …`, as grammar engines read it
 * @throws SyntaxError where the grammar cannot be read; NestedGrammarError (a RangeError) where it has no automaton; RangeError where
 * that is too large
 * @example
 * ```ts
 * import { allows, grammar } from "arbel/steer";
 * const list = grammar(`root ::= "[" (item (", " item)*)? "]"
 * item ::= "a" | "b"`);
 * console.log(allows(list, "[a, b]"), allows(list, "[a b]")); // true, false
 * ```
 */
export const grammar = (source: string, name = "the grammar"): Constraint => textConstraint(name, byteGrammar(source));
