import { byteGrammar, byteRegex, InputError } from "../../space/index.ts";
import { checkSchema } from "./check-schema.ts";
import type { GrammarEngine } from "./engine.ts";
import { markLeaves } from "./leaf-rules.ts";
import type { JsonJoints } from "./literal-rule.ts";

/** How JSON is laid out. */
export interface JsonLayout {
  /**
   * `"spaces"`, the default: one line, as `{"a": 1, "b": [2, 3]}`. `"none"`: without a space, as `{"a":1,"b":[2,3]}`. `"any"`: any
   * blanks between the parts.
   */
  readonly whitespace?: "spaces" | "none" | "any";
}

const SEPARATORS: Readonly<Record<"spaces" | "none" | "any", [comma: string, colon: string]>> = {
  spaces: [", ", ": "],
  none: [",", ":"],
  any: [",", ":"],
};

/** The same in a grammar's terms. */
const JOINTS: Readonly<Record<"spaces" | "none" | "any", JsonJoints>> = {
  spaces: { comma: `", "`, colon: `": "`, inside: "" },
  none: { comma: `","`, colon: `":"`, inside: "" },
  any: {
    comma: String.raw`[ \n\t]* "," [ \n\t]*`,
    colon: String.raw`[ \n\t]* ":" [ \n\t]*`,
    inside: String.raw`[ \n\t]*`,
  },
};

/**
 * The grammar of the JSON texts that a JSON Schema allows, in extended Backus–Naur form, for {@link grammar} or
 * {@link grammarPotential}.
 *
 * Objects have their properties in the order in which the schema lists them, and no others. Made by the engine, after a check
 * that it will follow every keyword, as it drops some without a word; integers with bounds, strings with lengths
 * and constants are written here. Constants, names too, are written as `JSON.stringify` does, and in no other way.
 *
 * @throws InputError naming the keyword that is not supported, its place, and what to write instead
 */
export const jsonSchemaGrammar = async (
  schema: unknown,
  engine: GrammarEngine,
  { whitespace = "spaces" }: JsonLayout = {},
): Promise<string> => {
  if (!Object.hasOwn(SEPARATORS, whitespace)) {
    throw new RangeError(`"whitespace" must be "spaces", "none" or "any", got ${JSON.stringify(whitespace)}`);
  }
  for (const { pattern, place } of checkSchema(schema)) await checkPattern(pattern, place, engine);
  const { schema: marked, rules } = markLeaves(schema, JOINTS[whitespace]);
  const made = await engine.Testings._jsonSchemaToEBNF(
    JSON.stringify(marked),
    whitespace === "any",
    -1,
    SEPARATORS[whitespace],
    true,
  );
  // inside of values of any type, the engine puts a space after commas whatever the layout
  const laidOut = whitespace === "none" ? made.replaceAll(/^basic_(array|object) .*$/gm, withoutSpaces) : made;
  return rules.reduce(
    (text, { mark, rule }, index) =>
      `${text.replaceAll(`"\\"${mark}\\""`, `arbel_leaf_${index}`)}arbel_leaf_${index} ::= ${rule}\n`,
    laidOut,
  );
};

const withoutSpaces = (rule: string): string => rule.replaceAll('", "', '","');

/** Refuses a pattern that the engine reads otherwise than JavaScript does: equal languages have equal smallest automata. */
const checkPattern = async (pattern: string, place: string, engine: GrammarEngine): Promise<void> => {
  const made = await engine.Testings._jsonSchemaToEBNF(JSON.stringify({ type: "string", pattern }), false);
  const [theirs, ours] = [byteGrammar(made), byteRegex(`"(?:${pattern.slice(1, -1)})"`)];
  const same = (["offsets", "labels", "targets", "accepting"] as const).every(
    (key) => theirs[key].join() === ours[key].join(),
  );
  if (same) return;
  throw new InputError(
    `the schema at ${place} has a pattern, ${JSON.stringify(pattern)}, that the grammar engine reads otherwise than JavaScript: ` +
      "write it with characters, classes, groups and repetition only",
  );
};
