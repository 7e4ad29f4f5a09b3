import { kept } from "../potentials/kept.ts";
import type { Vocabulary } from "../vocabulary/index.ts";
import type { Surrogate, SurrogateContext } from "./surrogate.ts";

/** Contexts that know an action better than their shorter contexts do, by action: columns side by side. */
export interface ActionColumns {
  /** Where the entries of a token stand: `offsets[token] … offsets[token + 1] − 1`, `[size + 1]`. */
  readonly offsets: Int32Array;
  readonly contexts: Int32Array;
  /** What the context itself says of the token: part of its probability. */
  readonly own: Float64Array;
  /** What the shorter context adds to that. */
  readonly lower: Float64Array;
  /** Context after the token. */
  readonly next: Int32Array;
  /** Context after the token and the shorter context. */
  readonly lowerNext: Int32Array;
}

/**
 * A surrogate as numbers: `P(a|c) = own + back(c)·P(a|shorter(c))`, with `own = 0` for most actions.
 *
 * For actions that a context does not know, the context after them is that after the shorter context. So values
 * need one look at each known (context, action), not at all pairs: the sum over actions at `c` is `back(c)` times
 * that at the shorter context, and a correction for each action it knows.
 */
export interface BackOff {
  readonly contexts: number;
  /** The shorter context each backs off to, which stands before it; −1 of the empty context, number 0. */
  readonly shorter: Int32Array;
  /** Probability left to the shorter context. */
  readonly back: Float64Array;
  /** Probability of an end. */
  readonly ends: Float64Array;
  /** Probability of each token in the empty context, `[size]`, 0 for ends and what stands for nothing. */
  readonly rootProbabilities: Float64Array;
  /** Context after each token in the empty context, `[size]`. */
  readonly rootNext: Int32Array;
  /** Of contexts other than the empty one. */
  readonly columns: ActionColumns;
  /** The context of the longest known end of some tokens. */
  contextOf(tokens: readonly number[]): number;
  /** Context after each token, `[size]`. */
  next(context: number): Int32Array;
}

/** Memory for contexts after tokens that may be asked for again, in bytes. */
const NEXT_BYTES = 2 ** 26;

/** Lays out a surrogate for sums over all its contexts. */
export const backOffOf = (surrogate: Surrogate, vocabulary: Vocabulary): BackOff => {
  const { size } = vocabulary;
  const contexts = surrogate.contexts;
  const numberOf = new Map(contexts.map(({ tokens }, index) => [tokens.join(), index]));
  const contextOf = (tokens: readonly number[]): number => {
    for (let from = Math.max(0, tokens.length - surrogate.order + 1); from < tokens.length; from++) {
      const found = numberOf.get(tokens.slice(from).join());
      if (found !== undefined) return found;
    }
    return 0;
  };
  const shorter = Int32Array.from(contexts, ({ tokens }, index) => (index === 0 ? -1 : contextOf(tokens.slice(1))));
  const owns = contexts.map(({ visits, actions, masses }) => {
    const total = visits + surrogate.smoothing;
    return new Map(actions.map((action, place) => [action, (masses[place] as number) / total]));
  });
  const back = Float64Array.from(owns, (own) => Math.max(0, 1 - sum(own.values())));
  const root = rootRow(owns[0] as ReadonlyMap<number, number>, back[0] as number, vocabulary);
  const probability = (context: number, action: number): number => {
    if (context === 0) return root[action] as number;
    const own = owns[context]?.get(action) ?? 0;
    return own + (back[context] as number) * probability(shorter[context] as number, action);
  };
  const next = nextContexts(contexts, shorter, size, numberOf);
  return {
    contexts: contexts.length,
    shorter,
    back,
    ends: Float64Array.from(contexts, (_, context) => probability(context, size)),
    rootProbabilities: root.slice(0, size),
    rootNext: next(0),
    columns: columnsOf({ owns, size, shorter, back, probability, next }),
    contextOf,
    next,
  };
};

/** Contexts after tokens: those of the shorter context, but for the longer contexts that a context begins. */
const nextContexts = (
  contexts: readonly SurrogateContext[],
  shorter: Int32Array,
  size: number,
  numberOf: ReadonlyMap<string, number>,
): ((context: number) => Int32Array) => {
  const longer: number[][] = contexts.map(() => []);
  for (const [context, { tokens }] of contexts.entries()) {
    if (context > 0) longer[numberOf.get(tokens.slice(0, -1).join()) as number]?.push(context);
  }
  const rowOf = (context: number): Int32Array => {
    const row = context === 0 ? new Int32Array(size) : rows(shorter[context] as number).slice();
    for (const after of longer[context] as readonly number[]) row[contexts[after]?.tokens.at(-1) as number] = after;
    return row;
  };
  const rows = kept(rowOf, ({ byteLength }) => byteLength, NEXT_BYTES);
  return rows;
};

/** Probabilities of the empty context, `[size + 1]`, the end last: what was seen, and the rest spread evenly. */
const rootRow = (own: ReadonlyMap<number, number>, rest: number, { size, bytes, ends }: Vocabulary): Float64Array => {
  const isAction = (action: number) => action === size || (bytes[action] && !ends.includes(action));
  const row = new Float64Array(size + 1);
  let count = 0;
  for (let action = 0; action <= size; action++) if (isAction(action)) count++;
  for (let action = 0; action <= size; action++) {
    if (isAction(action)) row[action] = (own.get(action) ?? 0) + rest / count;
  }
  return row;
};

const columnsOf = (parts: {
  readonly owns: readonly ReadonlyMap<number, number>[];
  readonly size: number;
  readonly shorter: Int32Array;
  readonly back: Float64Array;
  readonly probability: (context: number, action: number) => number;
  readonly next: (context: number) => Int32Array;
}): ActionColumns => {
  const { owns, size, shorter, back, probability, next } = parts;
  const offsets = new Int32Array(size + 1);
  for (const own of owns.slice(1)) {
    for (const token of own.keys()) if (token < size) offsets[token + 1] = (offsets[token + 1] as number) + 1;
  }
  for (let token = 0; token < size; token++) {
    offsets[token + 1] = (offsets[token + 1] as number) + (offsets[token] as number);
  }
  const places = offsets.slice();
  const count = offsets[size] as number;
  const [contexts, nexts, lowerNexts] = [new Int32Array(count), new Int32Array(count), new Int32Array(count)];
  const [ownColumn, lower] = [new Float64Array(count), new Float64Array(count)];
  for (let context = 1; context < owns.length; context++) {
    const parent = shorter[context] as number;
    const [after, afterShorter] = [next(context), next(parent)];
    for (const [token, own] of owns[context] as ReadonlyMap<number, number>) {
      if (token >= size) continue;
      const place = places[token] as number;
      places[token] = place + 1;
      contexts[place] = context;
      ownColumn[place] = own;
      lower[place] = (back[context] as number) * probability(parent, token);
      nexts[place] = after[token] as number;
      lowerNexts[place] = afterShorter[token] as number;
    }
  }
  return { offsets, contexts, own: ownColumn, lower, next: nexts, lowerNext: lowerNexts };
};

const sum = (values: Iterable<number>): number => {
  let total = 0;
  for (const value of values) total += value;
  return total;
};
