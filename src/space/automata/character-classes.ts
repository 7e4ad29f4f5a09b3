import type { CharSet } from "refa";

/** Characters that no set of an expression tells apart, as one. */
export interface CharacterClasses {
  /** Number of classes. */
  readonly count: number;
  /** The class of a character; −1 where no set has it. */
  classOf(character: number): number;
  /** Classes that make up a set, ascending. */
  classesOf(set: CharSet): readonly number[];
}

/**
 * The classes of the characters that can occur, by the sets that have them.
 *
 * A token alphabet of 26 letters and the set of all letters of Unicode share one class, so that an automaton's size
 * depends on what is told apart, not on Unicode.
 *
 * @param characters what can occur, ascending, each once
 * @param sets the sets of an expression
 */
export const characterClasses = (characters: Int32Array, sets: Iterable<CharSet>): CharacterClasses => {
  const members = new Map<CharSet, number[]>();
  for (const set of sets) if (!members.has(set)) members.set(set, placesIn(characters, set));
  const classes = refine(characters.length, members.values());
  const compact = new Map<number, number>([[0, -1]]);
  for (const found of classes) if (!compact.has(found)) compact.set(found, compact.size - 1);
  const classAt = (place: number) => compact.get(classes[place] as number) as number;
  const classesOf = new Map<CharSet, number[]>();
  for (const [set, places] of members) {
    classesOf.set(
      set,
      [...new Set(places.map(classAt))].sort((a, b) => a - b),
    );
  }
  return {
    count: compact.size - 1,
    classOf: (character) => {
      const place = firstPlace(characters, character);
      return characters[place] === character ? classAt(place) : -1;
    },
    classesOf: (set) => classesOf.get(set) ?? [],
  };
};

/** Places of the characters that a set has. */
const placesIn = (characters: Int32Array, set: CharSet): number[] => {
  const places: number[] = [];
  for (const { min, max } of set.ranges) {
    for (let place = firstPlace(characters, min); place < characters.length; place++) {
      if ((characters[place] as number) > max) break;
      places.push(place);
    }
  }
  return places;
};

/** Place of the first character that is at least the given one. */
const firstPlace = (characters: Int32Array, character: number): number => {
  let [low, high] = [0, characters.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((characters[middle] as number) < character) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** Splits all places by each set in turn: the members of every class get a class of their own. 0: in no set. */
const refine = (count: number, sets: Iterable<readonly number[]>): Float64Array => {
  const classes = new Float64Array(count);
  let next = 1;
  for (const places of sets) {
    const split = new Map<number, number>();
    for (const place of places) {
      const old = classes[place] as number;
      let now = split.get(old);
      if (now === undefined) {
        now = next++;
        split.set(old, now);
      }
      classes[place] = now;
    }
  }
  return classes;
};
