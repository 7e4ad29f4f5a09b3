import { BYTES, bytesOfText, minimize, trie } from "../../space/index.ts";
import { type Constraint, checkWhole, quoted, textConstraint } from "./constraint.ts";

/**
 * The response is one of a list of texts. Duplicates count once.
 *
 * @throws RangeError where the list is empty, or a text holds half of a character; TypeError where it holds anything but texts
 * @example
 * ```ts
 * import { allows, oneOf } from "arbel/steer";
 * const answer = oneOf(["yes", "no", "naïve"]);
 * console.log(allows(answer, "no"), allows(answer, "n")); // true, false
 * ```
 */
export const oneOf = (texts: readonly string[]): Constraint => {
  if (!Array.isArray(texts) || texts.length === 0) throw new RangeError(`"texts" must be a list of at least one text`);
  for (const [index, text] of texts.entries()) {
    if (typeof text !== "string") {
      throw new TypeError(`"texts" must hold texts, got ${JSON.stringify(text)} at index ${index}`);
    }
    checkWhole(text, "texts");
  }
  const distinct = [...new Set(texts)];
  const name = distinct.length <= 3 ? distinct.map(quoted).join(" or ") : `one of ${distinct.length} texts`;
  return textConstraint(name, minimize(trie(distinct.map(bytesOfText), BYTES)));
};
