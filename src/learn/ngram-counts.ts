import { BEGIN } from "../space/index.ts";

/**
 * What followed each context in some texts, for contexts of all lengths below an order.
 *
 * A context is written as a string, so that it can be the key of a map: the UTF-16 unit `mark + 1` for a token or for
 * `BEGIN`, which the first contexts of a text start with.
 */
export interface NgramCounts {
  readonly order: number;
  /** Number of actions: the tokens, and the end of a text last. */
  readonly actions: number;
  /** How often each action followed each kept context. */
  readonly followers: ReadonlyMap<string, ReadonlyMap<number, number>>;
}

/** A context as a key. */
export const contextOf = (marks: readonly number[]): string => String.fromCharCode(...marks.map((mark) => mark + 1));

/** The tokens of a context, after `BEGIN` where it begins a text. */
export const marksOf = (context: string): number[] =>
  Array.from({ length: context.length }, (_, place) => context.charCodeAt(place) - 1);

/** The context one token later: the last `order − 1` marks. */
export const extend = (context: string, token: number, order: number): string => {
  const longer = context + contextOf([token]);
  return longer.slice(Math.max(0, longer.length - (order - 1)));
};

/** The context at the beginning of a text. */
export const beginning = (order: number): string => (order > 1 ? contextOf([BEGIN]) : "");

/**
 * Counts what follows every context.
 *
 * @param options.minimumCount contexts seen fewer times are dropped, so that they share the counts of shorter ones
 */
export const countNgrams = (options: {
  readonly tokens: number;
  readonly order: number;
  readonly texts: Iterable<readonly number[]>;
  readonly minimumCount: number;
}): NgramCounts => {
  const { order } = options;
  const followers = new Map<string, Map<number, number>>();
  for (const text of options.texts) {
    let context = beginning(order);
    for (let t = 0; t <= text.length; t++) {
      const action = text[t] ?? options.tokens;
      for (let from = 0; from <= context.length; from++) count(followers, context.slice(from), action);
      context = extend(context, action, order);
    }
  }
  for (const [context, row] of followers) {
    if (context !== "" && totalOf(row) < options.minimumCount) followers.delete(context);
  }
  return { order, actions: options.tokens + 1, followers };
};

const count = (followers: Map<string, Map<number, number>>, context: string, action: number): void => {
  const row = followers.get(context) ?? new Map<number, number>();
  followers.set(context, row);
  row.set(action, (row.get(action) ?? 0) + 1);
};

/** How often a context was seen. */
const totalOf = (row: ReadonlyMap<number, number>): number => {
  let total = 0;
  for (const times of row.values()) total += times;
  return total;
};

/** The longest end of a context that was kept. */
export const longestKept = (counts: NgramCounts, context: string): string => {
  let from = 0;
  while (from < context.length && !counts.followers.has(context.slice(from))) from++;
  return context.slice(from);
};

/**
 * Interpolated Witten–Bell probabilities of the next action, `[actions]`, by kept context.
 *
 * `P(a|h) = (c(h,a) + n(h)·P(a|h′)) / (c(h) + n(h))` with `n(h)` the number of distinct actions seen after `h`, `h′` the context
 * without its first mark, and the uniform distribution before the empty context: every action has positive probability
 * everywhere (Witten and Bell, 1991). Rows are kept, so each is worked out once.
 */
export const wittenBell = (counts: NgramCounts): ((context: string) => Float64Array) => {
  const rows = new Map<string, Float64Array>();
  const rowOf = (context: string): Float64Array => {
    const known = rows.get(context);
    if (known) return known;
    const shorter =
      context === ""
        ? new Float64Array(counts.actions).fill(1 / counts.actions)
        : rowOf(longestKept(counts, context.slice(1)));
    const seen = counts.followers.get(context) ?? new Map<number, number>();
    const total = totalOf(seen) + seen.size;
    // no text at all: the empty context knows nothing, and the uniform distribution stays
    const row = total === 0 ? shorter : shorter.map((p, action) => ((seen.get(action) ?? 0) + seen.size * p) / total);
    rows.set(context, row);
    return row;
  };
  return rowOf;
};
