import { type CharacterClass, CharSet, type Element, type NoParent } from "refa";

/** The 256 bytes as tokens, each written as the character of its number. */
export const BYTES: readonly string[] = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));

/** The UTF-8 bytes of a text as indices of {@link BYTES}. */
export const bytesOfText = (text: string): number[] => Array.from(new TextEncoder().encode(text));

/** A range of numbers, both ends included. */
type Range = readonly [min: number, max: number];

/** Code points by the number of continuation bytes that follow their first byte, and what is added to that byte. */
const FORMS = [
  { from: 0, to: 0x7f, lead: 0x00 },
  { from: 0x80, to: 0x7ff, lead: 0xc0 },
  { from: 0x800, to: 0xffff, lead: 0xe0 },
  { from: 0x10000, to: 0x10ffff, lead: 0xf0 },
] as const;

/** Half of a surrogate pair is no character: UTF-8 has no bytes for it. */
const SURROGATES: Range = [0xd800, 0xdfff];

/**
 * The UTF-8 spellings of a set of code points, as a part of a regular expression over bytes.
 *
 * First bytes that the same continuations follow stand together, so that a large set such as all letters stays small.
 *
 * @param byteSet makes a set of bytes; the same object for the same bytes keeps the automaton small
 */
export const utf8Element = (characters: CharSet, byteSet: (ranges: readonly Range[]) => CharSet): NoParent<Element> => {
  const points = without(
    characters.ranges.map(({ min, max }) => [min, max] as const),
    SURROGATES,
  );
  const alternatives = FORMS.flatMap(({ from, to, lead }, continuations) =>
    sequences(clip(points, from, to), continuations, lead, byteSet),
  );
  return alternation(alternatives);
};

/** Sets of bytes, one object for equal sets. */
export const byteSets = (): ((ranges: readonly Range[]) => CharSet) => {
  const known = new Map<string, CharSet>();
  return (ranges) => {
    const key = ranges.join(";");
    const found = known.get(key) ?? CharSet.empty(0xff).union(ranges.map(([min, max]) => ({ min, max })));
    known.set(key, found);
    return found;
  };
};

const characterClass = (characters: CharSet): NoParent<CharacterClass> => ({ type: "CharacterClass", characters });

const alternation = (alternatives: readonly NoParent<Element>[][]): NoParent<Element> => ({
  type: "Alternation",
  alternatives: alternatives.map((elements) => ({ type: "Concatenation", elements })),
});

/** Spellings of numbers below `64^(continuations + 1)`: a first digit, raised by `lead`, then that many digits raised by 0x80. */
const sequences = (
  points: readonly Range[],
  continuations: number,
  lead: number,
  byteSet: (ranges: readonly Range[]) => CharSet,
): NoParent<Element>[][] => {
  if (points.length === 0) return [];
  if (continuations === 0) {
    return [[characterClass(byteSet(points.map(([min, max]) => [min + lead, max + lead] as const)))]];
  }
  const block = 64 ** continuations;
  const groups = new Map<string, { readonly leads: Range[]; readonly rest: readonly Range[] }>();
  const first = Math.floor((points[0] as Range)[0] / block);
  const last = Math.floor((points.at(-1) as Range)[1] / block);
  for (let digit = first; digit <= last; digit++) {
    const rest = clip(points, digit * block, (digit + 1) * block - 1).map(
      ([min, max]) => [min - digit * block, max - digit * block] as const,
    );
    if (rest.length === 0) continue;
    const group = groups.get(rest.join(";")) ?? { leads: [], rest };
    groups.set(rest.join(";"), group);
    group.leads.push([digit + lead, digit + lead]);
  }
  return Array.from(groups.values(), ({ leads, rest }) => [
    characterClass(byteSet(leads)),
    ...single(sequences(rest, continuations - 1, 0x80, byteSet)),
  ]);
};

/** Alternatives as elements that follow others: one alternative needs no group. */
const single = (alternatives: NoParent<Element>[][]): NoParent<Element>[] =>
  alternatives.length === 1 ? (alternatives[0] as NoParent<Element>[]) : [alternation(alternatives)];

/** The parts of ascending ranges within bounds. */
const clip = (ranges: readonly Range[], from: number, to: number): Range[] =>
  ranges
    .filter(([min, max]) => max >= from && min <= to)
    .map(([min, max]) => [Math.max(min, from), Math.min(max, to)] as const);

/** Ascending ranges without one. */
const without = (ranges: readonly Range[], [from, to]: Range): Range[] => [
  ...clip(ranges, 0, from - 1),
  ...clip(ranges, to + 1, Infinity),
];
