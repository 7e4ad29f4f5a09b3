import { checkPattern } from "./check-pattern.ts";
import { refuseSchema, type Schema } from "./refuse-schema.ts";

/** Formats that the engine knows; it lets any string through for others. */
const FORMATS = new Set(["date", "time", "date-time", "ipv4", "ipv6", "uuid", "email"]);

/** Keywords that bound an integer. */
export const INTEGER_BOUNDS = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"] as const;

/** Checks what a schema says of a string; gives its pattern, if it has one. */
export const checkString = (schema: Schema, place: string): string | undefined => {
  const { pattern, format } = schema;
  const bounds = ["minLength", "maxLength"].filter((keyword) => schema[keyword] !== undefined);
  const given = [
    ...(bounds.length > 0 ? bounds.slice(0, 1) : []),
    ...["pattern", "format"].filter((key) => key in schema),
  ];
  if (given.length > 1) refuseSchema(place, `has "${given[1]}" beside "${given[0]}"`, "keep one of them");
  checkCounts(schema, place, "minLength", "maxLength");
  if (format !== undefined && !FORMATS.has(String(format))) {
    refuseSchema(
      place,
      `has the format ${JSON.stringify(format)}`,
      `use one of ${[...FORMATS].join(", ")}, or a pattern`,
    );
  }
  return pattern === undefined ? undefined : checkPattern(pattern, place);
};

/** Checks what a schema says of an integer. */
export const checkInteger = (schema: Schema, place: string): void => {
  for (const keyword of INTEGER_BOUNDS) {
    const bound = schema[keyword];
    if (bound !== undefined && !Number.isSafeInteger(bound)) {
      refuseSchema(place, `has "${keyword}": ${JSON.stringify(bound)} for an integer`, "write a whole number");
    }
  }
  const { minimum = -Infinity, maximum = Infinity, exclusiveMinimum = -Infinity, exclusiveMaximum = Infinity } = schema;
  const least = Math.max(Number(minimum), Number(exclusiveMinimum) + 1);
  if (least > Math.min(Number(maximum), Number(exclusiveMaximum) - 1)) {
    refuseSchema(place, "has a lower bound above its upper bound", "no integer has both");
  }
};

/** Checks the bounds of a length. */
export const checkCounts = (schema: Schema, place: string, least: string, most: string): void => {
  for (const keyword of [least, most]) {
    const count = schema[keyword];
    if (count !== undefined && !(Number.isSafeInteger(count) && (count as number) >= 0)) {
      refuseSchema(place, `has "${keyword}": ${JSON.stringify(count)}`, "write a whole number ≥ 0");
    }
  }
  if (Number(schema[least] ?? 0) > Number(schema[most] ?? Infinity)) {
    refuseSchema(place, `has "${least}" above "${most}"`, "no value has both");
  }
};
