import { ServerError } from "./server-error.ts";

/** An answer of a status that says all is well, and of a body that says what went wrong. */
export class ReportedError extends ServerError {}

/** What an answer says went wrong, where it does as servers write it: `{ error: text }` or `{ error: { message: text } }`. */
export const reportedError = (answer: unknown): string | undefined => {
  const error = (answer as { readonly error?: unknown } | null)?.error;
  return textOf(error) ?? textOf((error as { readonly message?: unknown } | null | undefined)?.message);
};

/** The same of a failure, where `{ message: text }` says it too. */
export const reportedFailure = (answer: unknown): string | undefined =>
  reportedError(answer) ?? textOf((answer as { readonly message?: unknown } | null | undefined)?.message);

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value.trim() !== "" ? value : undefined;

/** The longest text of a server that is quoted. */
const LONGEST = 200;

/** A server's text as an error quotes it: on one line, short, and with nothing that acts on a terminal. */
export const quoted = (text: string): string => {
  const line = text
    .replaceAll(/\s+/gu, " ")
    .trim()
    .replaceAll(/[\p{Cc}\p{Cs}\p{Bidi_Control}]/gu, escaped);
  // by characters: half of a pair is none
  const start = [...line.slice(0, 2 * LONGEST)].slice(0, LONGEST).join("");
  return start.length < line.length ? `${start}…` : line;
};

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
