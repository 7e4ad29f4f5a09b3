import type { CharSet, Concatenation, Element, NoParent } from "refa";
import type { Automaton } from "./automaton.ts";
import { checkMaximum, compileRegex, sourceOf } from "./regex.ts";
import { parseRegex, type RegexTree } from "./regex-parse.ts";
import { BYTES, byteSets, utf8Element } from "./utf8.ts";

/**
 * The smallest automaton over UTF-8 bytes of the texts that a JavaScript regular expression matches as a whole.
 *
 * Language models speak in tokens that may be parts of a character; every spelling of a text has the same bytes. The
 * automaton's tokens are the 256 bytes, byte `b` written as the character `String.fromCharCode(b)`. Texts are read by code points,
 * as with the flag `u`, which is added where the pattern has neither `u` nor `v`; bytes that are not UTF-8 are never accepted.
 *
 * @param options.maximumStates most states before merging, 20,000 unless told
 * @throws as {@link regex}
 * @example
 * ```ts
 * import { accepts, byteRegex } from "arbel";
 * const machine = byteRegex("[é-ü]+!?");
 * const bytes = (text: string) => Array.from(new TextEncoder().encode(text));
 * console.log(accepts(machine, bytes("éü!")), accepts(machine, bytes("é").slice(0, 1))); // true, false
 * ```
 */
export const byteRegex = (pattern: string | RegExp, options: { readonly maximumStates?: number } = {}): Automaton => {
  const { source, flags } = sourceOf(pattern);
  const maximumStates = checkMaximum(options.maximumStates ?? 20_000);
  const tree = overBytes(parseRegex(source, /[uv]/.test(flags) ? flags : `${flags}u`));
  return compileRegex(
    { tree, source, maximumStates },
    BYTES,
    BYTES.map((_, byte) => [byte]),
  );
};

/** An expression over code points as one over the bytes of their spellings. */
const overBytes = (tree: RegexTree): RegexTree => {
  const byteSet = byteSets();
  const spelled = new Map<CharSet, NoParent<Element>>();
  const spell = (characters: CharSet): NoParent<Element> => {
    const known = spelled.get(characters) ?? utf8Element(characters, byteSet);
    spelled.set(characters, known);
    return known;
  };
  const concatenations = (alternatives: readonly NoParent<Concatenation>[]): NoParent<Concatenation>[] =>
    alternatives.map((alternative) => ({ ...alternative, elements: alternative.elements.map(rewrite) }));
  const rewrite = (element: NoParent<Element>): NoParent<Element> => {
    if (element.type === "CharacterClass") return spell(element.characters);
    if (element.type === "Alternation" || element.type === "Quantifier") {
      return { ...element, alternatives: concatenations(element.alternatives) };
    }
    throw new TypeError(`a regular expression's ${element.type} should have been refused`);
  };
  return { ...tree, alternatives: concatenations(tree.alternatives) };
};
