import TinyQueue from "tinyqueue";

/** What each pair of tokens becomes. */
export interface Ranks {
  /** Size of the vocabulary. */
  readonly tokens: number;
  /** By `left · tokens + right`: the order among merges, and the token that the pair becomes. */
  readonly ranks: ReadonlyMap<number, readonly [rank: number, merged: number]>;
}

/** Two neighbours that could be merged, as they were when this was noted. */
interface Candidate {
  readonly rank: number;
  readonly place: number;
  readonly merged: number;
  readonly left: number;
  readonly right: number;
}

/**
 * Applies merges to a word's tokens: always the first merge in order that applies anywhere, at its leftmost place.
 *
 * In `O(n log n)` by a queue of candidates, so that a line of a million dashes is no trap.
 *
 * @param word ids, changed in place
 */
export const mergeWord = (word: Int32Array, { tokens, ranks }: Ranks): Int32Array => {
  const end = word.length;
  const next = Int32Array.from({ length: end }, (_, place) => place + 1);
  const previous = Int32Array.from({ length: end }, (_, place) => place - 1);
  const queue = new TinyQueue<Candidate>([], (a, b) => a.rank - b.rank || a.place - b.place);
  const note = (place: number) => {
    const after = next[place] as number;
    if (place < 0 || after >= end) return;
    const [left, right] = [word[place] as number, word[after] as number];
    const found = ranks.get(left * tokens + right);
    if (found) queue.push({ rank: found[0], merged: found[1], place, left, right });
  };
  for (let place = 0; place < end - 1; place++) note(place);
  for (let best = queue.pop(); best; best = queue.pop()) {
    const { place, left, right, merged } = best;
    const after = next[place] as number;
    // either neighbour may have been merged meanwhile
    if (word[place] !== left || after >= end || word[after] !== right) continue;
    word[place] = merged;
    word[after] = GONE;
    next[place] = next[after] as number;
    if ((next[place] as number) < end) previous[next[place] as number] = place;
    note(previous[place] as number);
    note(place);
  }
  return word.filter((id) => id !== GONE);
};

/** Where a token was that is now part of the one before. */
const GONE = -1;
