import { append, type IntBuffer, intBuffer } from "./int-buffer.ts";

/** Numbers pairs of whole numbers 0, 1, 2, … in the order in which they are first asked for. */
export interface PairIndex {
  /** First number of each pair. */
  readonly first: IntBuffer;
  /** Second number of each pair. */
  readonly second: IntBuffer;
  /** The pair's number; a new pair is given the next one. */
  numberOf(first: number, second: number): number;
}

/** Above this many possible pairs a hash table, below it an array with a place for each. */
const DENSE_LIMIT = 2 ** 22;

/** An empty index of pairs with `0 ≤ first < firstCount` and `0 ≤ second < secondCount`. */
export const pairIndex = (firstCount: number, secondCount: number): PairIndex => {
  const [first, second] = [intBuffer(), intBuffer()];
  const dense = firstCount * secondCount <= DENSE_LIMIT;
  let places = new Int32Array(dense ? firstCount * secondCount : 1024).fill(-1);
  const hashedPlace = (left: number, right: number): number => {
    const mask = places.length - 1;
    let place = hash(left, right) & mask;
    for (let known = places[place] as number; known >= 0; known = places[place] as number) {
      if (first.values[known] === left && second.values[known] === right) break;
      place = (place + 1) & mask;
    }
    return place;
  };
  const rehash = () => {
    places = new Int32Array(2 * places.length).fill(-1);
    for (let pair = 0; pair < first.length; pair++) {
      places[hashedPlace(first.values[pair] as number, second.values[pair] as number)] = pair;
    }
  };
  // one function for both kinds of places, which the engine inlines into the loops that call it
  const numberOf = (left: number, right: number): number => {
    const place = dense ? left * secondCount + right : hashedPlace(left, right);
    const known = places[place] as number;
    if (known >= 0) return known;
    places[place] = first.length;
    append(first, left);
    append(second, right);
    if (!dense && 2 * first.length > places.length) rehash();
    return first.length - 1;
  };
  return { first, second, numberOf };
};

const hash = (left: number, right: number): number => {
  const mixed = Math.imul(Math.imul(left, 0x9e3779b1) ^ right, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
};
