import { CharSet, type Element, type NoParent } from "refa";

/** A part of a rule: a part of a regular expression, or another rule. */
export type GrammarElement =
  | Extract<NoParent<Element>, { readonly type: "CharacterClass" }>
  | { readonly type: "Alternation"; readonly alternatives: readonly (readonly GrammarElement[])[] }
  | {
      readonly type: "Repetition";
      readonly minimum: number;
      readonly maximum: number;
      readonly element: GrammarElement;
    }
  | { readonly type: "Reference"; readonly rule: string };

/** The rules of a grammar by name. */
export type GrammarRules = ReadonlyMap<string, GrammarElement>;

/** A place in a grammar's text. */
interface Reader {
  readonly text: string;
  at: number;
}

/**
 * Reads a grammar in extended Backus–Naur form: `name ::= …`, with `"texts"`, `[a-z]` and `[^a-z]`, `( )`, `|`, `*`, `+`, `?`,
 * `{n}`, `{n,}`, `{n,m}` and `# comments`. Escapes are those of C, with `\x`, `\u` and `\U`. A look-ahead `(= …)` at the end of
 * a rule, which only makes other readers faster, is read and left out.
 *
 * @throws SyntaxError with the line and column
 */
export const parseGrammar = (text: string): GrammarRules => {
  const reader: Reader = { text, at: 0 };
  const rules = new Map<string, GrammarElement>();
  skipBlank(reader);
  while (reader.at < text.length) {
    const name = readName(reader) ?? refuse(reader, "expected the name of a rule");
    if (!take(reader, "::=")) refuse(reader, `expected "::=" after "${name}"`);
    if (rules.has(name)) refuse(reader, `the rule "${name}" stands twice`);
    rules.set(name, readAlternatives(reader));
  }
  return rules;
};

const refuse = ({ text, at }: Reader, what: string): never => {
  const before = text.slice(0, at).split("\n");
  throw new SyntaxError(
    `the grammar cannot be read at line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}: ${what}`,
  );
};

const skipBlank = (reader: Reader): void => {
  const blank = /(?:\s|#[^\n]*)*/y;
  blank.lastIndex = reader.at;
  blank.exec(reader.text);
  reader.at = Math.max(reader.at, blank.lastIndex);
};

/** Moves past a text and blanks after it, if it stands here. */
const take = (reader: Reader, text: string): boolean => {
  if (!reader.text.startsWith(text, reader.at)) return false;
  reader.at += text.length;
  skipBlank(reader);
  return true;
};

const match = (reader: Reader, pattern: RegExp): RegExpExecArray | null => {
  pattern.lastIndex = reader.at;
  const found = pattern.exec(reader.text);
  if (found) reader.at = pattern.lastIndex;
  return found;
};

const readName = (reader: Reader): string | undefined => {
  const name = match(reader, /[A-Za-z_][\w.-]*/y)?.[0];
  if (name !== undefined) skipBlank(reader);
  return name;
};

const readAlternatives = (reader: Reader): GrammarElement => {
  const alternatives: GrammarElement[][] = [];
  do alternatives.push(readSequence(reader));
  while (take(reader, "|"));
  return { type: "Alternation", alternatives };
};

const readSequence = (reader: Reader): GrammarElement[] => {
  const elements: GrammarElement[] = [];
  for (;;) {
    if (/\(=/y.test(reader.text.slice(reader.at, reader.at + 2))) {
      reader.at += 2;
      skipBlank(reader);
      readAlternatives(reader);
      if (!take(reader, ")")) refuse(reader, 'expected ")"');
      continue;
    }
    const element = readElement(reader);
    if (element === undefined) return elements;
    elements.push(readRepetition(reader, element));
  }
};

const readElement = (reader: Reader): GrammarElement | undefined => {
  const next = reader.text[reader.at];
  if (next === '"') return readText(reader);
  if (next === "[") return readClass(reader);
  if (next === "(") {
    take(reader, "(");
    const group = readAlternatives(reader);
    if (!take(reader, ")")) refuse(reader, 'expected ")"');
    return group;
  }
  const start = reader.at;
  const rule = readName(reader);
  if (rule === undefined) return undefined;
  if (reader.text.startsWith("::=", reader.at)) {
    reader.at = start;
    return undefined;
  }
  if (reader.text[reader.at] === "(" && /[A-Z]/.test(rule[0] as string)) {
    reader.at = start;
    return refuse(reader, `"${rule}(…)" is not supported: write it as rules`);
  }
  return { type: "Reference", rule };
};

const readRepetition = (reader: Reader, element: GrammarElement): GrammarElement => {
  const sign = match(reader, /[*+?]|\{\s*(\d+)\s*(,\s*(\d*)\s*)?\}/y);
  if (!sign) return element;
  skipBlank(reader);
  const counts = { "*": [0, Infinity], "+": [1, Infinity], "?": [0, 1] }[sign[0]];
  const minimum = counts?.[0] ?? Number(sign[1]);
  const upper = sign[3] === undefined || sign[3] === "" ? Infinity : Number(sign[3]);
  const maximum = counts?.[1] ?? (sign[2] === undefined ? minimum : upper);
  if (maximum < minimum) refuse(reader, `the bounds {${minimum},${maximum}} are the wrong way round`);
  return readRepetition(reader, { type: "Repetition", minimum, maximum, element });
};

const readText = (reader: Reader): GrammarElement => {
  reader.at++;
  const characters: GrammarElement[] = [];
  while (reader.text[reader.at] !== '"') {
    const character = readCharacter(reader, "text");
    characters.push({ type: "CharacterClass", characters: setOf([[character, character]]) });
  }
  reader.at++;
  skipBlank(reader);
  return { type: "Alternation", alternatives: [characters] };
};

const readClass = (reader: Reader): GrammarElement => {
  reader.at++;
  const negated = reader.text[reader.at] === "^";
  if (negated) reader.at++;
  const ranges: [number, number][] = [];
  while (reader.text[reader.at] !== "]") {
    const from = readCharacter(reader, "class");
    const isRange = reader.text[reader.at] === "-" && reader.text[reader.at + 1] !== "]";
    if (isRange) reader.at++;
    const to = isRange ? readCharacter(reader, "class") : from;
    if (to < from) refuse(reader, "a range of characters is the wrong way round");
    ranges.push([from, to]);
  }
  reader.at++;
  skipBlank(reader);
  const set = setOf(ranges);
  return { type: "CharacterClass", characters: negated ? set.negate() : set };
};

const setOf = (ranges: readonly (readonly [number, number])[]): CharSet =>
  CharSet.empty(0x10ffff).union(ranges.map(([min, max]) => ({ min, max })));

const ESCAPES: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, b: 8, a: 7, "0": 0, e: 27 };

const readCharacter = (reader: Reader, where: "text" | "class"): number => {
  const code = reader.text.codePointAt(reader.at);
  if (code === undefined || code === 10) return refuse(reader, `this ${where} is not closed`);
  reader.at += code > 0xffff ? 2 : 1;
  if (code !== 92) return code;
  const hexadecimal = match(reader, /x([\dA-Fa-f]{1,2})|u([\dA-Fa-f]{4})|U([\dA-Fa-f]{8})|u\{([\dA-Fa-f]+)\}/y);
  if (hexadecimal) return Number.parseInt(hexadecimal.slice(1).find(Boolean) as string, 16);
  const letter = reader.text[reader.at] ?? refuse(reader, `this ${where} is not closed`);
  reader.at++;
  const known = ESCAPES[letter];
  if (known !== undefined) return known;
  if (/[\p{L}\p{N}\s]/u.test(letter)) refuse(reader, `"\\${letter}" is no escape`);
  return letter.codePointAt(0) as number;
};
