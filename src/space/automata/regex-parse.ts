import { type AST, RegExpParser } from "@eslint-community/regexpp";
import { type Expression, JS, type NoParent } from "refa";
import { quotePattern, refuseUnsupported } from "./regex-refusals.ts";

/** A regular expression without assertions and references, its characters resolved to sets. */
export type RegexTree = NoParent<Expression>;

/** Longest pattern that is read. */
const PATTERN_LIMIT = 1_000_000;

/** Most nodes of a parsed pattern: a Unicode property of strings such as emoji takes some 20,000. */
const NODES_LIMIT = 1_000_000;

/**
 * Parses a regular expression whose automaton can be built.
 *
 * Flags `i`, `s`, `u` and `v` mean what they mean in JavaScript; `g`, `y`, `d` and, because anchors other than those at
 * the outer edges are refused, `m` do not change which whole texts match.
 *
 * @throws SyntaxError where the pattern is not a regular expression, with the column; RangeError where it has parts that
 * no automaton supports or is nested too deeply
 */
export const parseRegex = (source: string, flags: string): RegexTree => {
  if (source.length > PATTERN_LIMIT) {
    throw new RangeError(
      `the regular expression has ${source.length} characters, the limit is ${PATTERN_LIMIT}: use trie for lists of texts`,
    );
  }
  try {
    const pattern = parsePattern(source, flags);
    refuseUnsupported(pattern);
    const parser = JS.Parser.fromAst({ pattern, flags: new RegExpParser().parseFlags(flags) });
    return parser.parse({ assertions: "ignore", backreferences: "throw", maxNodes: NODES_LIMIT }).expression;
  } catch (error) {
    // as V8 and as other engines say it
    if (error instanceof Error && /call stack|recursion/i.test(error.message)) {
      throw new RangeError(
        `the regular expression ${quotePattern(source)} is nested too deeply: write it with fewer nested groups`,
        { cause: error },
      );
    }
    throw error;
  }
};

const parsePattern = (source: string, flags: string): AST.Pattern => {
  const unicode = flags.includes("u");
  const unicodeSets = flags.includes("v");
  try {
    return new RegExpParser().parsePattern(source, 0, source.length, { unicode, unicodeSets });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const column = "index" in error ? ` at column ${error.index}` : "";
    // "Invalid regular expression: /a(b/: Unterminated group"
    const reason = error.message.slice(error.message.lastIndexOf(": ") + 2);
    throw new SyntaxError(
      `the regular expression ${quotePattern(source)} cannot be read${column}: ${reason.charAt(0).toLowerCase()}${reason.slice(1)}`,
      { cause: error },
    );
  }
};
