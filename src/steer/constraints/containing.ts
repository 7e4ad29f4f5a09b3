import { type Automaton, BYTES, byteRegex, bytesOfText, keywords, minimize, product } from "../../space/index.ts";
import { anyText, type Constraint, checkWhole, quoted, textConstraint } from "./constraint.ts";

/** What {@link containing} asks of a text. At least one of them. */
export interface Containing {
  /** Texts that must all occur, up to 12. */
  readonly must?: readonly string[];
  /** Texts that must not occur. */
  readonly mustNot?: readonly string[];
  /** Text that the response begins with. */
  readonly startsWith?: string;
  /** Text that the response ends with. */
  readonly endsWith?: string;
}

/**
 * The response contains some texts and not others, begins with one, ends with one.
 *
 * Texts occur as by JavaScript's `includes`, also across tokens and inside words: ask for `" cat "` where a word is meant.
 *
 * @throws RangeError where nothing is asked, a text is empty or holds half of a character, or more than 12 must occur
 * @example
 * ```ts
 * import { allows, containing } from "arbel/steer";
 * const wish = containing({ must: ["cat", "dog"], mustNot: ["bird"], endsWith: "home." });
 * console.log(allows(wish, "A cat and a dog went home."), allows(wish, "A cat went home.")); // true, false
 * ```
 */
export const containing = (wish: Containing): Constraint => {
  const { must = [], mustNot = [], startsWith, endsWith } = wish;
  const machines: Automaton[] = [];
  const parts: string[] = [];
  if (must.length + mustNot.length > 0) {
    machines.push(keywords({ tokens: BYTES, must: spelled(must, "must"), mustNot: spelled(mustNot, "mustNot") }));
  }
  if (must.length > 0) parts.push(`contains ${must.map(quoted).join(", ")}`);
  if (mustNot.length > 0) parts.push(`lacks ${mustNot.map(quoted).join(", ")}`);
  if (startsWith !== undefined) {
    machines.push(byteRegex(`${escaped(checkText(startsWith, "startsWith"))}[^]*`));
    parts.push(`begins with ${quoted(startsWith)}`);
  }
  if (endsWith !== undefined) {
    machines.push(byteRegex(`[^]*${escaped(checkText(endsWith, "endsWith"))}`));
    parts.push(`ends with ${quoted(endsWith)}`);
  }
  if (machines.length === 0) {
    throw new RangeError(`give at least one of "must", "mustNot", "startsWith" and "endsWith"`);
  }
  const bytes = machines.reduce((left, right) => minimize(product(left, right)), anyText());
  return textConstraint(parts.join(" and "), bytes);
};

/** Texts as their bytes, a character each, for an automaton over bytes. */
const spelled = (texts: readonly string[], what: string): string[] =>
  texts.map((text) => String.fromCharCode(...bytesOfText(checkText(text, what))));

const checkText = (text: string, what: string): string => {
  if (typeof text !== "string") throw new TypeError(`"${what}" must be text, got ${JSON.stringify(text)}`);
  if (text === "") throw new RangeError(`"${what}" holds an empty text: remove it`);
  return checkWhole(text, what);
};

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
