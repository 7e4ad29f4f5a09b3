import { tokenNames } from "../space.ts";
import type { Automaton } from "./automaton.ts";
import { characterClasses } from "./character-classes.ts";
import { minimize } from "./minimize.ts";
import { overTokens } from "./over-tokens.ts";
import { expandedSize, regexNfa } from "./regex-nfa.ts";
import { parseRegex, type RegexTree } from "./regex-parse.ts";
import { quotePattern } from "./regex-refusals.ts";
import { determinize } from "./regex-subsets.ts";

/** Nodes allowed for each allowed state, so that patterns that cannot fit are refused before they are expanded. */
const NODES_PER_STATE = 20;

/**
 * The smallest automaton of the responses whose whole text a JavaScript regular expression matches.
 *
 * The text is that of the tokens joined, so a match may begin and end inside tokens of several characters. `^` and `$` at the
 * outer edges change nothing. A string is a pattern without flags. The flags `i`, `s`, `u` and `v` mean what they mean in
 * JavaScript: with `u` or `v` a character is a code point, without it is a UTF-16 code unit. `g`, `y`, `d` and `m` do not
 * change which whole texts match. Greedy or lazy and capturing or not make no difference either.
 *
 * Where nothing matches, the automaton is a start without arcs: see {@link isEmpty}.
 *
 * @param options.maximumStates most states before merging, 20,000 unless told
 * @throws SyntaxError where the pattern is not a regular expression; RangeError where it has look-around, back-references,
 * boundaries, inner anchors or inner flags, with the place, or where its automaton explodes, as `(a|b)*a(a|b){20}`
 * does, which has to remember 20 letters
 * @example
 * ```ts
 * import { accepts, regex } from "arbel";
 * const machine = regex(/(ab|cd?)*e{2,5}/, ["a", "b", "ab", "c", "d", "e", "ee"]);
 * console.log(machine.states, accepts(machine, [2, 0, 1, 5, 6])); // 8, true: "ab" "a" "b" "e" "ee"
 * ```
 */
export const regex = (
  pattern: string | RegExp,
  tokens: readonly string[],
  options: { readonly maximumStates?: number } = {},
): Automaton => {
  const names = tokenNames(tokens);
  const { source, flags } = sourceOf(pattern);
  const maximumStates = checkMaximum(options.maximumStates ?? 20_000);
  const spellings = charactersOf(names, /[uv]/.test(flags));
  return compileRegex({ tree: parseRegex(source, flags), source, maximumStates }, names, spellings);
};

/** A parsed regular expression, and what may become of it. */
export interface RegexSource {
  readonly tree: RegexTree;
  /** The pattern, for messages. */
  readonly source: string;
  readonly maximumStates: number;
}

/**
 * The smallest automaton over tokens of a parsed expression over characters.
 *
 * @param spellings the characters of each token
 * @throws RangeError where the automaton explodes
 */
export const compileRegex = (
  { tree, source, maximumStates }: RegexSource,
  names: readonly string[],
  spellings: readonly (readonly number[])[],
): Automaton => {
  const size = expandedSize(tree);
  if (size > NODES_PER_STATE * maximumStates) {
    const written = Number.isFinite(size) ? `about ${size.toLocaleString("en")} nodes` : "endlessly many nodes";
    throw new RangeError(
      `the regular expression ${quotePattern(source)} expands to ${written}, the limit is ` +
        `${(NODES_PER_STATE * maximumStates).toLocaleString("en")} for ${maximumStates.toLocaleString("en")} states: ${LOWER}`,
    );
  }
  const nfa = regexNfa(tree);
  const occurring = Int32Array.from(new Set(spellings.flat())).sort();
  const classes = characterClasses(occurring, nfa.sets);
  const characters = determinize(nfa, classes, maximumStates);
  if ("reached" in characters) {
    throw new RangeError(
      `the automaton of the regular expression ${quotePattern(source)} explodes: it was given up after ` +
        `${characters.reached.toLocaleString("en")} states, the limit is ${characters.limit}: ${LOWER}`,
    );
  }
  const classSpellings = spellings.map((spelling) => spelling.map(classes.classOf));
  return minimize(overTokens(minimize(characters), names, classSpellings));
};

const LOWER =
  "lower the counts in braces, avoid counted repetition after an unbounded one, or intersect simpler expressions with product";

/** Pattern and flags; a string has no flags. */
export const sourceOf = (pattern: string | RegExp): { source: string; flags: string } => {
  if (pattern instanceof RegExp) return { source: pattern.source, flags: pattern.flags };
  if (typeof pattern === "string") return { source: pattern, flags: "" };
  throw new TypeError(`"pattern" must be a regular expression or a string, got ${String(pattern)}`);
};

export const checkMaximum = (maximumStates: number): number => {
  if (!Number.isSafeInteger(maximumStates) || maximumStates < 1) {
    throw new RangeError(`"maximumStates" must be a whole number ≥ 1, got ${String(maximumStates)}`);
  }
  return maximumStates;
};

/** Code points or code units of each token. @throws RangeError where joining tokens could join two into one code point */
const charactersOf = (tokens: readonly string[], codePoints: boolean): number[][] => {
  if (!codePoints) return tokens.map((token) => Array.from({ length: token.length }, (_, i) => token.charCodeAt(i)));
  const ends = tokens.findIndex((token) => /[\uD800-\uDBFF]$/.test(token));
  const begins = tokens.findIndex((token) => /^[\uDC00-\uDFFF]/.test(token));
  if (ends >= 0 && begins >= 0) {
    throw new RangeError(
      `token ${ends} ends and token ${begins} begins with half of a surrogate pair, which the flags u and v would read as ` +
        "one character across their border: use tokens of whole characters, or a pattern without these flags",
    );
  }
  return tokens.map((token) => Array.from(token, (character) => character.codePointAt(0) as number));
};
