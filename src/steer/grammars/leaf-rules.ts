import { type JsonJoints, literalRule, terminal } from "./literal-rule.ts";
import type { Schema } from "./refuse-schema.ts";

/** A schema some of whose leaves and names are replaced by marks, and the rule that each mark stands for. */
export interface MarkedSchema {
  readonly schema: unknown;
  /** Marks as constant texts, with a rule's right-hand side in extended Backus–Naur form. */
  readonly rules: readonly { readonly mark: string; readonly rule: string }[];
}

/**
 * Takes out of a checked schema what the engine's grammar is wrong about (0.1.27): integers with bounds (up to 130 lets 139 through),
 * strings with lengths (control characters, but no escapes), constants (0.1 with all its digits, "a/b" as "a\/b", objects without
 * the layout's blanks), and names of properties that JSON must escape, which it writes as they are.
 */
export const markLeaves = (schema: unknown, joints: JsonJoints): MarkedSchema => {
  const rules: { mark: string; rule: string }[] = [];
  const text = JSON.stringify(schema);
  let stem = "arbel-leaf";
  while (text.includes(stem)) stem += "-";
  const marked = (rule: string): string => {
    const mark = `${stem}-${rules.length}-`;
    rules.push({ mark, rule });
    return mark;
  };
  const visitAll = (parts: unknown): Schema =>
    Object.fromEntries(Object.entries(parts as Schema).map(([name, part]) => [name, visit(part)]));
  const visitObject = (part: Schema): Schema => {
    const names = new Map(
      Object.keys(part.properties as Schema)
        .filter(isEscaped)
        .map((name) => [name, marked(terminal(JSON.stringify(name)))]),
    );
    const named = (name: string) => names.get(name) ?? name;
    const properties = Object.entries(visitAll(part.properties)).map(([name, inner]) => [named(name), inner]);
    const required = Array.isArray(part.required) ? { required: part.required.map(named) } : {};
    return { properties: Object.fromEntries(properties), ...required };
  };
  const visit = (node: unknown): unknown => {
    if (typeof node !== "object" || node === null) return node;
    const part = node as Schema;
    const rule = leafRule(part, joints);
    if (rule !== undefined) return { const: marked(rule) };
    const out: Record<string, unknown> = { ...part, ...(part.properties ? visitObject(part) : {}) };
    for (const key of ["$defs", "definitions"]) if (part[key]) out[key] = visitAll(part[key]);
    if (part.items !== undefined) out.items = visit(part.items);
    if (Array.isArray(part.anyOf)) out.anyOf = part.anyOf.map(visit);
    return out;
  };
  return { schema: visit(schema), rules };
};

/** Whether JSON cannot hold a name as it is. */
export const isEscaped = (name: string): boolean => JSON.stringify(name) !== `"${name}"`;

const leafRule = ({ type, ...keywords }: Schema, joints: JsonJoints): string | undefined => {
  if ("const" in keywords) return literalRule(keywords.const, joints);
  if (Array.isArray(keywords.enum)) return keywords.enum.map((value) => literalRule(value, joints)).join(" | ");
  if (type === "string" && ("minLength" in keywords || "maxLength" in keywords)) {
    const { minLength = 0, maxLength = "" } = keywords;
    return `"\\"" (${CHARACTER}){${String(minLength)},${String(maxLength)}} "\\""`;
  }
  const bounds = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"];
  if (type !== "integer" || !bounds.some((bound) => bound in keywords)) return undefined;
  const {
    minimum = -Infinity,
    maximum = Infinity,
    exclusiveMinimum = -Infinity,
    exclusiveMaximum = Infinity,
  } = keywords;
  return integersBetween(
    Math.max(Number(minimum), Number(exclusiveMinimum) + 1),
    Math.min(Number(maximum), Number(exclusiveMaximum) - 1),
  );
};

const HEX = "[0-9A-Fa-f]";

/** A code unit of UTF-16 after `\u`; both halves of a character beyond U+FFFF are one, and a half alone is none. */
const UNIT = String.raw`[0-9A-CE-Fa-ce-f] ${HEX}{3} | [Dd] [0-7] ${HEX}{2} | [Dd] [89ABab] ${HEX}{2} "\\u" [Dd] [C-Fc-f] ${HEX}{2}`;

/** One character of a JSON string, written as it is or escaped. */
const CHARACTER = String.raw`[^"\\\0-\x1f] | "\\" (["\\/bfnrt] | "u" (${UNIT}))`;

/** The whole numbers from `least` to `most`, as a right-hand side; both may be infinite, and `least ≤ most`. */
const integersBetween = (least: number, most: number): string => {
  const negative = least < 0 ? `"-" (${positives(Math.max(1, -most), -least)})` : undefined;
  const others = most >= 0 ? positives(Math.max(0, least), most) : undefined;
  return [negative, others].filter((part) => part !== undefined).join(" | ");
};

/** Whole numbers `0 ≤ least ≤ n ≤ most`, one number of digits after the other. */
const positives = (least: number, most: number): string => {
  const parts: string[] = [];
  const digits = String(least).length;
  for (let length = digits; length <= (most === Infinity ? digits : String(most).length); length++) {
    const from = length === digits ? String(least) : `1${"0".repeat(length - 1)}`;
    const to = most < Infinity && length === String(most).length ? String(most) : "9".repeat(length);
    parts.push(sameLength(from, to));
  }
  if (most === Infinity) parts.push(`[1-9] [0-9]{${digits},}`);
  return parts.join(" | ");
};

/** Digit strings of one length between two, both included. */
const sameLength = (from: string, to: string): string => {
  if (from === "") return `""`;
  const [first, last] = [Number(from[0]), Number(to[0])];
  const rest = from.length - 1;
  if (first === last) return `"${first}" (${sameLength(from.slice(1), to.slice(1))})`;
  const parts = [`"${first}" (${sameLength(from.slice(1), "9".repeat(rest))})`];
  if (last - first > 1) parts.push(`[${first + 1}-${last - 1}] [0-9]{${rest}}`);
  parts.push(`"${last}" (${sameLength("0".repeat(rest), to.slice(1))})`);
  return parts.join(" | ");
};
