import type { Kind } from "../table.ts";
import { InputError, show } from "./input-error.ts";
import { type Fields, listOf, wholeOf } from "./json-value.ts";

/** What every table file says before its numbers, whatever the format. */
export interface Head {
  readonly kind: Kind;
  readonly space: "tree" | "automaton";
  readonly tokens: readonly string[];
  readonly horizon: number;
  readonly eos: boolean;
}

const FORMAT = "arbel-table";
const VERSION = 1;

/** Checks the head of a table file. @throws InputError naming the field and the repair */
export const readHead = (fields: Fields, source: string): Head => {
  checkFormat(fields, source);
  const kind = oneOf(fields.kind, `"kind"`, source, ["reward", "logits"] as const);
  const tokens = readTokens(fields.tokens, source);
  const horizon = wholeOf(fields.horizon, `"horizon"`, source, 1, Number.MAX_SAFE_INTEGER);
  if (typeof fields.eos !== "boolean") {
    throw new InputError(`${source}: "eos" must be true or false, got ${show(fields.eos)}`);
  }
  const space = fields.space === undefined ? "tree" : oneOf(fields.space, `"space"`, source, ["tree", "automaton"]);
  return { kind, space, tokens, horizon, eos: fields.eos };
};

/** The fields of a head, in the order they are written. */
export const headFields = (head: Head): Record<string, unknown> => ({
  format: FORMAT,
  version: VERSION,
  kind: head.kind,
  // a tree is what a table is on unless it says otherwise
  ...(head.space === "automaton" ? { space: head.space } : {}),
  tokens: head.tokens,
  horizon: head.horizon,
  eos: head.eos,
});

const checkFormat = (fields: Fields, source: string) => {
  if (fields.format !== FORMAT) {
    const inner = ["reward", "logits"].find((key) => (fields[key] as Fields | null | undefined)?.format === FORMAT);
    const repair = inner
      ? `save what stands under "${inner}" as a file of its own`
      : `is it a table? then write "${FORMAT}"`;
    throw new InputError(`${source}: "format" must be "${FORMAT}", got ${show(fields.format)}: ${repair}`);
  }
  if (fields.version !== VERSION) {
    const repair = typeof fields.version === "number" && fields.version > VERSION ? "update arbel" : `write ${VERSION}`;
    throw new InputError(
      `${source}: "version" is ${show(fields.version)}, but this arbel knows version ${VERSION} only: ${repair}`,
    );
  }
};

const oneOf = <T extends string>(value: unknown, place: string, source: string, choices: readonly T[]): T => {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) {
    const names = choices.map((choice) => `"${choice}"`).join(" or ");
    throw new InputError(`${source}: ${place} must be ${names}, got ${show(value)}`);
  }
  return found;
};

const readTokens = (value: unknown, source: string): string[] => {
  const list = listOf(value, `"tokens"`, source, undefined, "texts");
  if (list.length === 0) throw new InputError(`${source}: "tokens" must name at least one token, got an empty list`);
  const seen = new Map<string, number>();
  return list.map((token, index) => {
    if (typeof token !== "string") {
      throw new InputError(`${source}: tokens[${index}] must be a text in quotes, got ${show(token)}`);
    }
    const first = seen.get(token);
    if (first !== undefined) {
      throw new InputError(
        `${source}: tokens[${first}] and tokens[${index}] are both ${show(token)}: tokens must be distinct, rename one`,
      );
    }
    seen.set(token, index);
    return token;
  });
};
