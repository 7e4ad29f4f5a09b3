import { type Automaton, byteRegex, InputError, isEmpty, product } from "../../space/index.ts";
import { refuseSchema } from "./refuse-schema.ts";

/**
 * The pattern of a string, if a grammar can follow it: anchored at both ends, and of characters that JSON strings hold as they
 * are.
 *
 * @throws InputError naming what it is not
 */
export const checkPattern = (pattern: unknown, place: string): string => {
  if (typeof pattern !== "string" || !isAnchored(pattern)) {
    refuseSchema(
      place,
      `has a pattern that is not anchored, ${JSON.stringify(pattern)}`,
      "write ^(…)$: a JSON Schema pattern matches anywhere, a grammar the whole",
    );
  }
  if (!isEmpty(product(automatonOf(pattern, place), byteRegex(NEEDS_ESCAPES)))) {
    refuseSchema(
      place,
      `has a pattern, ${JSON.stringify(pattern)}, that allows quotes, backslashes or control characters`,
      String.raw`write [^\x00-\x1f\"\\] instead of a dot`,
    );
  }
  return pattern;
};

const automatonOf = (pattern: string, place: string): Automaton => {
  try {
    return byteRegex(pattern.slice(1, -1));
  } catch (error) {
    throw new InputError(`the schema at ${place} has a pattern that cannot be followed: ${(error as Error).message}`, {
      cause: error,
    });
  }
};

/** Texts that a JSON string cannot hold as they are. */
const NEEDS_ESCAPES = String.raw`[^]*["\\\x00-\x1f][^]*`;

/** Whether a pattern begins with ^ and ends with $ for all of its alternatives. */
const isAnchored = (pattern: string): boolean => {
  if (!pattern.startsWith("^") || !/(^|[^\\])(\\\\)*\$$/.test(pattern)) return false;
  // what is left without escapes, classes and, from the inside, groups
  let rest = pattern.replaceAll(/\\./g, "").replaceAll(/\[[^\]]*\]/g, "");
  for (let shorter = ""; shorter !== rest; ) {
    shorter = rest;
    rest = rest.replaceAll(/\([^()]*\)/g, "");
  }
  return !rest.includes("|");
};
