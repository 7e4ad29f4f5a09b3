import { layered, ngramContexts, type Table, tableOf, tokenNames } from "../space/index.ts";
import { beginning, contextOf, countNgrams, extend, longestKept, marksOf, wittenBell } from "./ngram-counts.ts";

/** Texts to fit an n-gram model to, and its size. */
export interface NgramOptions {
  /** The vocabulary: texts of the tokens, or their number. */
  readonly tokens: number | readonly string[];
  /** Length of the n-grams: an action depends on the `order − 1` before it, the beginning of the text included. */
  readonly order: number;
  /** Texts as token indices. */
  readonly texts: Iterable<readonly number[]>;
  /** Contexts seen fewer times are merged into shorter ones (default 1: all are kept). */
  readonly minimumCount?: number;
}

/**
 * An n-gram model as an autoregressive model on a layered automaton whose states are contexts.
 *
 * A state is the longest context, of at most `order − 1` tokens, that the texts contain; its logits are the smoothed
 * log-probabilities of every token and of EOS (interpolated Witten–Bell), all finite and normalised: the soft values are 0.
 * At the last depth only EOS is left. Merging loses nothing, since a context that was not seen has exactly the
 * probabilities of the longest end of it that was. Source: theory §7.
 *
 * @param options.horizon largest number of actions, EOS included
 * @throws RangeError where the order, horizon or count is not a whole number ≥ 1, or a token of a text is out of range
 * @example
 * ```ts
 * import { fitNgram } from "arbel/learn";
 * import { mode, textOf } from "arbel";
 * const tokens = ["a", "b", "n"];
 * const texts = ["banana", "banana", "nab"].map((text) => Array.from(text, (c) => tokens.indexOf(c)));
 * const model = fitNgram({ tokens, order: 3, texts, horizon: 10 });
 * console.log(textOf(model.space, mode(model).tokens)); // "bana": both "ban" and the end of "ana" are frequent
 * ```
 */
export const fitNgram = (options: NgramOptions & { readonly horizon: number }): Table => {
  const tokens = tokenNames(options.tokens);
  const counts = countNgrams(checked(options, tokens.length));
  const rowOf = wittenBell(counts);
  const { automaton, contexts } = ngramContexts({
    tokens,
    order: counts.order,
    contexts: Array.from(counts.followers.keys(), marksOf),
    begin: true,
  });
  const space = layered(automaton, { horizon: options.horizon, eos: true });
  const rows = contexts.map((context) => rowOf(longestKept(counts, contextOf(context))).map(Math.log));
  // an arc's place in a row is its action, since every state has every token and EOS
  const body = Float64Array.from({ length: contexts.length * counts.actions }, (_, arc) => {
    const row = rows[Math.floor(arc / counts.actions)] as Float64Array;
    return row[arc % counts.actions] as number;
  });
  const last = new Float64Array(contexts.length);
  return tableOf(
    space,
    "logits",
    space.layers.map((_, depth) => (depth === options.horizon - 1 ? last : body)),
  );
};

/** How well n-grams of some orders predict texts that they have not seen. */
export interface HeldOut {
  readonly order: number;
  /** Cross-entropy of the held-out texts, in bits per action: characters and ends of texts. */
  readonly bits: number;
  /** Cross-entropy of the texts that were fitted, in bits per action. */
  readonly fittedBits: number;
  /** Number of contexts kept. */
  readonly contexts: number;
}

/**
 * Bits per character of n-gram models on held-out texts, to choose an order by.
 *
 * @param options.texts texts to fit
 * @param options.held texts to predict
 */
export const heldOutBits = (options: NgramOptions & { readonly held: Iterable<readonly number[]> }): HeldOut => {
  const size = tokenNames(options.tokens).length;
  const counts = countNgrams(checked(options, size));
  const rowOf = wittenBell(counts);
  const bitsOf = (texts: Iterable<readonly number[]>) => {
    let [bits, actions] = [0, 0];
    for (const text of texts) {
      let context = beginning(counts.order);
      for (let t = 0; t <= text.length; t++) {
        const action = text[t] ?? size;
        bits -= Math.log2(rowOf(longestKept(counts, context))[action] as number);
        context = extend(context, action, counts.order);
      }
      actions += text.length + 1;
    }
    return bits / actions;
  };
  return {
    order: options.order,
    bits: bitsOf(options.held),
    fittedBits: bitsOf(options.texts),
    contexts: counts.followers.size,
  };
};

const checked = (options: NgramOptions, tokens: number) => {
  const { order, minimumCount = 1 } = options;
  for (const [name, value] of Object.entries({ order, minimumCount })) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new RangeError(`"${name}" must be a whole number ≥ 1, got ${value}`);
  }
  const texts = [...options.texts];
  texts.forEach((text, index) => {
    const wrong = text.find((token) => !Number.isSafeInteger(token) || token < 0 || token >= tokens);
    if (wrong !== undefined) {
      throw new RangeError(`text ${index} holds token ${wrong}, expected whole numbers from 0 to ${tokens - 1}`);
    }
  });
  return { tokens, order, texts, minimumCount };
};
