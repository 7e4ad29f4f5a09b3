import { duplicateKey } from "./duplicate-key.ts";
import { InputError, oneLine, show } from "./input-error.ts";

/** The fields of a JSON object, unchecked. */
export type Fields = Readonly<Record<string, unknown>>;

/**
 * The fields of a JSON text that holds one object.
 *
 * @throws InputError where the text is not JSON, not an object, or repeats a key
 */
export const parseFields = (text: string, source: string): Fields => {
  const value = parseJson(text, source);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InputError(`${source}: must hold one JSON object, got ${show(value)}`);
  }
  return value as Fields;
};

/** The value of a JSON text. @throws InputError where the text is not JSON, or repeats a key in an object */
export const parseJson = (text: string, source: string): unknown => {
  const value = parseUnchecked(text, source);
  const key = duplicateKey(text);
  if (key !== undefined) {
    throw new InputError(`${source}: the key ${show(key)} stands twice in one object: remove one`);
  }
  return value;
};

/** Deepest nesting of any table, with room. */
const DEEPEST = 16;
/** Most lists and objects of a text, and most entries: beyond, JSON would take gigabytes to read. */
const MOST_LISTS = 2 ** 22;
const MOST_ENTRIES = 2 ** 25;

/** Refuses a text that is nested deeply or holds too much, at a glance: parsing it could exhaust the memory. */
const checkExtent = (text: string, source: string): void => {
  let [depth, lists, entries, quoted] = [0, 0, 0, false];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (quoted) {
      if (code === BACKSLASH) i++;
      else if (code === QUOTE) quoted = false;
    } else if (code === QUOTE) quoted = true;
    else if (code === COMMA) entries++;
    else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      lists++;
      if (++depth > DEEPEST) throw new InputError(`${source}: is nested more than ${DEEPEST} deep: is it a table?`);
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) depth--;
  }
  if (lists > MOST_LISTS || entries > MOST_ENTRIES) {
    const found =
      lists > MOST_LISTS
        ? `${lists} lists, the limit is ${MOST_LISTS}`
        : `${entries} entries, the limit is ${MOST_ENTRIES}`;
    throw new InputError(`${source}: holds ${found}: save a table of that size as .safetensors`);
  }
};

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

const parseUnchecked = (text: string, source: string): unknown => {
  checkExtent(text, source);
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? oneLine(error.message) : String(error);
    throw new InputError(`${source}: is not JSON (${reason}): correct it; a forbidden action's number is null`, {
      cause: error,
    });
  }
};

/** Checks that a field is a whole number within bounds. */
export const wholeOf = (value: unknown, place: string, source: string, minimum: number, maximum: number): number => {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= minimum && value <= maximum) return value;
  const range = maximum === Number.MAX_SAFE_INTEGER ? `≥ ${minimum}` : `from ${minimum} to ${maximum}`;
  throw new InputError(`${source}: ${place} must be a whole number ${range}, got ${show(value)}`);
};

/** Checks that a field is a list, and of the right length where one is given. */
export const listOf = (value: unknown, place: string, source: string, length?: number, what = "entries") => {
  if (!Array.isArray(value)) {
    throw new InputError(`${source}: ${place} must be a list of ${what}, got ${show(value)}`);
  }
  if (length !== undefined && value.length !== length) {
    const repair = value.length < length ? `add ${length - value.length}` : `remove ${value.length - length}`;
    throw new InputError(`${source}: ${place} must hold ${length} ${what}, got ${value.length}: ${repair}`);
  }
  return value as readonly unknown[];
};

/** Whether a JSON value is a table's number: finite, or `null` for −∞. */
export const isEntry = (value: unknown): value is number | null =>
  value === null || (typeof value === "number" && Number.isFinite(value));

/** A table's number from a JSON value that {@link isEntry}. */
export const numberOfEntry = (value: number | null): number => (value === null ? -Infinity : value);

/** The error for a JSON value that is no number of a table. */
export const notAnEntry = (value: unknown, place: string, source: string): InputError => {
  const why = typeof value === "number" ? " (too large for a 64-bit float)" : "";
  return new InputError(
    `${source}: ${place} is ${show(value)}${why}: write a finite number, or null to forbid the action`,
  );
};
