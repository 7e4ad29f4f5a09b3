import TinyQueue from "tinyqueue";
import { piecesOf, type Tokenizer, tokenizerOf } from "./tokenizer.ts";

/** What tokens are: characters, or `tokens` texts that byte-pair encoding finds, the characters among them. */
export type TokenizerKind = "char" | { readonly tokens: number };

/**
 * Trains a tokenizer on texts: every character that occurs becomes a token, in the order of code points; then the most
 * frequent pair of neighbours becomes one, again and again (of equally frequent pairs the one with the smaller ids).
 *
 * Pairs that occur once are left alone, so there may be fewer tokens than asked for. The same texts give the same
 * tokenizer on every machine. Source: Sennrich and others, arXiv 1508.07909.
 *
 * @throws RangeError where the texts are empty, or fewer tokens are asked for than there are characters
 * @example
 * ```ts
 * import { trainTokenizer } from "arbel/learn";
 * const tokenizer = trainTokenizer(["the whale, the whale"], { tokens: 12 });
 * console.log(tokenizer.tokens.slice(8)); // the pairs that were merged
 * console.log(tokenizer.decode(tokenizer.encode("the whale"))); // "the whale"
 * ```
 */
export const trainTokenizer = (texts: readonly string[], kind: TokenizerKind): Tokenizer => {
  const characters = charactersOf(texts);
  if (characters.length === 0) throw new RangeError("the texts are empty: there is nothing to make tokens of");
  if (kind === "char") return tokenizerOf(characters, []);
  if (!Number.isSafeInteger(kind.tokens) || kind.tokens < characters.length) {
    throw new RangeError(
      `the texts have ${characters.length} different characters, each of which needs a token: ` +
        `ask for at least as many tokens, got ${kind.tokens}`,
    );
  }
  return findPairs(characters, wordsOf(texts, characters), kind.tokens);
};

const charactersOf = (texts: readonly string[]): string[] => {
  const found = new Set<string>();
  for (const text of texts) for (const character of text) found.add(character);
  return [...found].sort((a, b) => (a.codePointAt(0) as number) - (b.codePointAt(0) as number));
};

/** A piece of text as token ids, and how often it occurs. */
interface Word {
  ids: readonly number[];
  readonly times: number;
}

const wordsOf = (texts: readonly string[], characters: readonly string[]): Word[] => {
  const ids = new Map(characters.map((character, id) => [character, id]));
  const times = new Map<string, number>();
  for (const text of texts) for (const piece of piecesOf(text)) times.set(piece, (times.get(piece) ?? 0) + 1);
  return Array.from(times, ([piece, count]) => ({
    ids: Array.from(piece, (character) => ids.get(character) as number),
    times: count,
  }));
};

/** Pairs of ids as one number, so that they sort by the left id, then the right. */
const PAIR = 2 ** 26;

const findPairs = (characters: readonly string[], words: readonly Word[], size: number): Tokenizer => {
  const tokens = [...characters];
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const merges: [number, number][] = [];
  const pairs = pairCounts(words);
  while (tokens.length < size) {
    const pair = pairs.mostFrequent();
    if (pair === undefined) break;
    const [left, right] = [Math.floor(pair / PAIR), pair % PAIR];
    const text = (tokens[left] as string) + (tokens[right] as string);
    // two pairs may make the same text: then both lead to one token
    const merged = ids.get(text) ?? tokens.length;
    if (merged === tokens.length) tokens.push(text);
    ids.set(text, merged);
    merges.push([left, right]);
    pairs.merge(pair, merged);
  }
  return tokenizerOf(tokens, merges);
};

/** How often each pair of neighbours occurs, kept up to date as pairs are merged. */
const pairCounts = (words: readonly Word[]) => {
  const counts = new Map<number, number>();
  const places = new Map<number, Set<Word>>();
  const queue = new TinyQueue<{ pair: number; count: number }>([], (a, b) => b.count - a.count || a.pair - b.pair);
  const changed = new Set<number>();
  const add = (word: Word, sign: 1 | -1) => {
    for (let i = 0; i + 1 < word.ids.length; i++) {
      const pair = (word.ids[i] as number) * PAIR + (word.ids[i + 1] as number);
      counts.set(pair, (counts.get(pair) ?? 0) + sign * word.times);
      changed.add(pair);
      if (sign > 0) places.set(pair, (places.get(pair) ?? new Set()).add(word));
    }
  };
  /** Queues what changed; older entries of these pairs are recognised by their counts. */
  const queueChanged = () => {
    for (const pair of changed) {
      const count = counts.get(pair) as number;
      if (count >= 2) queue.push({ pair, count });
    }
    changed.clear();
  };
  for (const word of words) add(word, 1);
  return {
    mostFrequent: (): number | undefined => {
      queueChanged();
      for (let best = queue.pop(); best; best = queue.pop()) {
        if (counts.get(best.pair) === best.count) return best.pair;
      }
      return undefined;
    },
    merge: (pair: number, merged: number): void => {
      for (const word of places.get(pair) ?? []) {
        add(word, -1);
        word.ids = mergedIds(word.ids, pair, merged);
        add(word, 1);
      }
      places.delete(pair);
      counts.delete(pair);
      changed.delete(pair);
    },
  };
};

const mergedIds = (ids: readonly number[], pair: number, merged: number): number[] => {
  const out: number[] = [];
  for (let i = 0; i < ids.length; i++) {
    const isPair = i + 1 < ids.length && (ids[i] as number) * PAIR + (ids[i + 1] as number) === pair;
    out.push(isPair ? merged : (ids[i] as number));
    if (isPair) i++;
  }
  return out;
};
