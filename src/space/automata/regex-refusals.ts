import type { AST } from "@eslint-community/regexpp";
import { visitRegExpAST } from "@eslint-community/regexpp";

/**
 * Refuses what is not built into an automaton: look-around, back-references, boundaries, anchors that are not at an
 * outer edge, flags inside the pattern. `^` and `$` at the outer edges say nothing that matching the whole
 * text does not, and are left alone.
 *
 * @throws RangeError naming the construct, its source and its column, counted from 0
 */
export const refuseUnsupported = (pattern: AST.Pattern): void => {
  const anchors = edgeAnchors(pattern);
  visitRegExpAST(pattern, {
    onAssertionEnter: (assertion) => {
      if (!anchors.has(assertion)) refuse(pattern, assertion, ...describeAssertion(assertion));
    },
    onBackreferenceEnter: (reference) =>
      refuse(pattern, reference, "a back-reference", "write out the texts that may repeat as alternatives"),
    onModifiersEnter: (modifiers) =>
      refuse(pattern, modifiers.parent, "flags inside the pattern", "set flags on the whole regular expression"),
  });
};

const refuse = (pattern: AST.Pattern, node: AST.Node, what: string, repair: string): never => {
  const column = node.start - pattern.start;
  throw new RangeError(
    `the regular expression ${quotePattern(pattern.raw)} has ${what}, ${clip(node.raw)}, at column ${column}, ` +
      `which is not supported: ${repair}`,
  );
};

const describeAssertion = (assertion: AST.Assertion): [what: string, repair: string] => {
  switch (assertion.kind) {
    case "lookahead":
    case "lookbehind": {
      const what = assertion.kind === "lookahead" ? "look-ahead" : "look-behind";
      return assertion.negate
        ? [`a negative ${what}`, "use the product with the complement of a second regular expression"]
        : [`a ${what}`, "use the product with a second regular expression"];
    }
    case "word":
      return [
        assertion.negate ? "a negated word boundary" : "a word boundary",
        "write out the characters on either side",
      ];
    default:
      return ["an anchor that is not at an outer edge", "remove it, since the whole text is matched anyway"];
  }
};

/** The `^` that only the beginning of the text can precede, and the `$` that only its end can follow. */
const edgeAnchors = (pattern: AST.Pattern): Set<AST.Assertion> => {
  const found = new Set<AST.Assertion>();
  collectAnchors(pattern.alternatives, "start", found);
  collectAnchors(pattern.alternatives, "end", found);
  return found;
};

const collectAnchors = (
  alternatives: readonly AST.Alternative[],
  kind: "start" | "end",
  found: Set<AST.Assertion>,
): void => {
  for (const { elements } of alternatives) {
    for (const element of kind === "start" ? elements : elements.toReversed()) {
      if (element.type === "Assertion" && element.kind === kind) {
        found.add(element);
        continue;
      }
      if (element.type === "Group" || element.type === "CapturingGroup") {
        collectAnchors(element.alternatives, kind, found);
      }
      break;
    }
  }
};

/** A pattern between slashes, cut where it is long. */
export const quotePattern = (pattern: string): string => clip(`/${pattern}/`);

const clip = (source: string) => (source.length > 80 ? `${source.slice(0, 77)}…` : source);
