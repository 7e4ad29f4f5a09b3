import { checkCounts, checkInteger, checkString, INTEGER_BOUNDS } from "./check-leaves.ts";
import { isEscaped } from "./leaf-rules.ts";
import { refuseSchema, type Schema } from "./refuse-schema.ts";

/** Keywords that say nothing about what is valid. */
const ANNOTATIONS = new Set(
  "$schema $id $comment $anchor title description default examples deprecated readOnly writeOnly $defs definitions".split(
    " ",
  ),
);

/** Keywords that each type may have, beside annotations. */
const KEYWORDS: Readonly<Record<string, readonly string[]>> = {
  object: ["properties", "required", "additionalProperties"],
  array: ["items", "minItems", "maxItems"],
  string: ["minLength", "maxLength", "pattern", "format"],
  integer: INTEGER_BOUNDS,
  number: [],
  boolean: [],
  null: [],
};

const REPAIRS: Readonly<Record<string, string>> = {
  oneOf: `use "anyOf"`,
  allOf: "write it as one schema",
  not: "say what is allowed instead",
  multipleOf: "list the values with enum",
  additionalProperties: "list the properties",
  patternProperties: "list the properties",
  uniqueItems: "say so in a reward",
  contains: "say so in a reward",
  prefixItems: "use an object",
  minimum: "bounds hold for integers only",
  maximum: "bounds hold for integers only",
  exclusiveMinimum: "bounds hold for integers only",
  exclusiveMaximum: "bounds hold for integers only",
};

/**
 * Refuses a JSON Schema that the grammar engine would not follow to the letter: it drops keywords it does not know without
 * a word, and others where they stand together.
 *
 * @returns the patterns it holds
 * @throws InputError naming the keyword, its place as a JSON pointer, and what to write instead
 */
export const checkSchema = (schema: unknown): readonly SchemaPattern[] => {
  const check: Check = { root: schema, patterns: [], visited: new Set([true]), references: [] };
  visit(schema, "#", check);
  for (const { reference, place } of check.references) {
    if (!check.visited.has(targetOf(reference, schema))) refuseReference(reference, place);
  }
  return check.patterns;
};

/** A pattern of a schema, anchored at both ends, and where it stands. */
export interface SchemaPattern {
  readonly pattern: string;
  readonly place: string;
}

interface Check {
  readonly root: unknown;
  readonly patterns: SchemaPattern[];
  /** What was checked. */
  readonly visited: Set<unknown>;
  readonly references: { readonly reference: unknown; readonly place: string }[];
}

const visit = (node: unknown, place: string, check: Check): void => {
  if (node === true) return;
  if (typeof node !== "object" || node === null || Array.isArray(node)) {
    refuseSchema(place, `is ${JSON.stringify(node) ?? "nothing"}`, "write an object of keywords, or true");
  }
  check.visited.add(node);
  const schema = node as Schema;
  const keywords = Object.keys(schema).filter((keyword) => !ANNOTATIONS.has(keyword));
  for (const key of ["$defs", "definitions"]) visitAll(schema[key] ?? {}, `${place}/${key}`, check);
  if (keywords.length === 0) return;
  const alone = ["$ref", "anyOf", "const", "enum"].find((keyword) => keywords.includes(keyword));
  if (alone === undefined) visitTyped(schema, keywords, place, check);
  else visitAlone(schema, keywords, alone, { place, check });
};

const visitAll = (parts: unknown, place: string, check: Check): void => {
  for (const [name, part] of Object.entries(parts as Schema)) visit(part, `${place}/${name}`, check);
};

/** A schema whose keywords depend on its type. */
const visitTyped = (schema: Schema, keywords: readonly string[], place: string, check: Check): void => {
  const { type } = schema;
  const first = keywords[0] as string;
  if (typeof type !== "string" || !Object.hasOwn(KEYWORDS, type)) {
    const named = Array.isArray(type) ? "a list of types" : `"type": ${JSON.stringify(type)}`;
    const only = type === undefined ? `has "${first}" without a type` : `has ${named}`;
    const types = Object.keys(KEYWORDS).join(", ");
    refuseSchema(place, only, REPAIRS[first] ?? `give one of ${types}, or "anyOf" of several`);
  }
  const known = KEYWORDS[type] as readonly string[];
  const unknown = keywords.find((keyword) => keyword !== "type" && !known.includes(keyword));
  if (unknown !== undefined) {
    const repair = REPAIRS[unknown] ?? `leave it out (known: ${known.join(", ") || "none"})`;
    refuseSchema(place, `has "${unknown}" for ${a(type)}`, repair);
  }
  if (type === "object") visitObject(schema, place, check);
  if (type === "array") visitArray(schema, place, check);
  if (type === "integer") checkInteger(schema, place);
  const pattern = type === "string" ? checkString(schema, place) : undefined;
  if (pattern !== undefined) check.patterns.push({ pattern, place });
};

const a = (type: string) => (/^[aio]/.test(type) ? `an ${type}` : `a ${type}`);

/** Whether `type` says nothing more beside `const` or `enum`. */
const agrees = (schema: Schema, alone: string): boolean => {
  const values = alone === "const" ? [schema.const] : alone === "enum" && Array.isArray(schema.enum) ? schema.enum : [];
  return values.length > 0 && values.every((value) => typeOf(value).includes(String(schema.type)));
};

const typeOf = (value: unknown): readonly string[] => {
  if (value === null) return ["null"];
  if (Array.isArray(value)) return ["array"];
  return Number.isInteger(value) ? ["integer", "number"] : [typeof value];
};

/** A schema whose one keyword says all. */
const visitAlone = (
  schema: Schema,
  keywords: readonly string[],
  keyword: string,
  { place, check }: { readonly place: string; readonly check: Check },
): void => {
  const beside = keywords.find((other) => other !== keyword && !(other === "type" && agrees(schema, keyword)));
  if (beside !== undefined) refuseSchema(place, `has "${beside}" beside "${keyword}"`, "keep one of them");
  const value = schema[keyword];
  if (keyword === "$ref") {
    check.references.push({ reference: value, place });
    return;
  }
  const values = keyword === "const" ? [value] : keyword === "enum" && Array.isArray(value) ? value : [];
  if (!values.every(isJson))
    refuseSchema(place, `has "${keyword}" with what is no JSON value`, "write null, or leave it out");
  if (keyword === "const") return;
  if (!Array.isArray(value) || value.length === 0)
    refuseSchema(place, `has an empty "${keyword}"`, "list at least one entry");
  if (keyword === "anyOf") {
    for (const [index, part] of (value as unknown[]).entries()) visit(part, `${place}/anyOf/${index}`, check);
  }
};

/** Whether JSON has a value; of lists and objects only that there is a text. */
const isJson = (value: unknown): boolean =>
  typeof value === "number" ? Number.isFinite(value) : JSON.stringify(value) !== undefined;

const refuseReference = (reference: unknown, place: string): never =>
  refuseSchema(
    place,
    `refers to ${JSON.stringify(reference)}`,
    `refer to "#" or to a place in this schema, "#/$defs/…"`,
  );

/** The part of a schema that is referred to; the engine follows no lists, and no names that JSON must escape. */
const targetOf = (reference: unknown, root: unknown): unknown => {
  if (reference === "#") return root;
  if (typeof reference !== "string" || !reference.startsWith("#/")) return;
  let node = root;
  for (const part of reference.slice(2).split("/")) {
    if (typeof node !== "object" || node === null || Array.isArray(node)) return;
    if (!Object.hasOwn(node, part) || isEscaped(part)) return;
    node = (node as Schema)[part];
  }
  return node;
};

const visitObject = (schema: Schema, place: string, check: Check): void => {
  const properties = schema.properties as Schema | undefined;
  if (typeof properties !== "object" || properties === null || Object.keys(properties).length === 0) {
    refuseSchema(place, `is an object without "properties"`, "list them: others are not allowed");
  }
  if (schema.additionalProperties !== undefined && schema.additionalProperties !== false) {
    refuseSchema(place, `has "additionalProperties" other than false`, "list the properties: others are not allowed");
  }
  const required = schema.required ?? [];
  const missing = Array.isArray(required)
    ? required.find((name) => !Object.hasOwn(properties as Schema, name))
    : required;
  if (missing !== undefined) {
    refuseSchema(place, `requires ${JSON.stringify(missing)}, which is no property`, `add it to "properties"`);
  }
  visitAll(properties, `${place}/properties`, check);
};

const visitArray = (schema: Schema, place: string, check: Check): void => {
  if (schema.items === undefined) refuseSchema(place, `is an array without "items"`, `say what it holds: {"items": …}`);
  checkCounts(schema, place, "minItems", "maxItems");
  visit(schema.items, `${place}/items`, check);
};
