import { untilAborted } from "../until-aborted.ts";
import type { Vocabulary } from "../vocabulary/vocabulary.ts";
import type { LanguageModel, NextTokens, Usage } from "./language-model.ts";
import { rowCache } from "./row-cache.ts";

/** Rows that an adapter computed, in the order of the contexts. */
export interface Evaluated {
  readonly rows: readonly NextTokens[];
  /** Tokens that the model read. */
  readonly tokens: number;
  /** Contexts that were cut to what the model sees. */
  readonly cut?: number;
}

/** What differs between models: how contexts become rows. {@link languageModelOf} does the rest. */
export interface Adapter {
  readonly name: string;
  readonly vocabulary: Vocabulary;
  /** Why a context cannot be taken, if it cannot. */
  readonly refusal?: (context: readonly number[]) => string | undefined;
  /** Rows of distinct contexts of valid tokens. One call runs at a time unless `concurrent`. */
  evaluate(contexts: readonly (readonly number[])[], signal: AbortSignal | undefined): Promise<Evaluated>;
  /** Whether calls of `evaluate` may overlap; then `dispose` ends them too, and is not kept waiting for them. */
  readonly concurrent?: boolean;
  dispose(): Promise<void>;
}

/** Memory for rows that may be asked for again, in bytes. */
const ROW_BYTES = 2 ** 26;

/** A language model of an adapter: checks contexts, asks for each but once, keeps rows, counts, and ends in order. */
export const languageModelOf = (adapter: Adapter): LanguageModel => {
  const { name, vocabulary } = adapter;
  const rows = rowCache(ROW_BYTES, vocabulary.size);
  const running = new Set<Promise<unknown>>();
  // what is being computed, by context
  const underWay = new Map<string, Promise<ReadonlyMap<string, NextTokens>>>();
  const used = { calls: 0, tokens: 0, cut: 0 };
  let disposal: Promise<void> | undefined;

  const refuseDisposed = () => {
    if (disposal) throw new Error(`${name}: the model was disposed`);
  };
  const evaluate = async (missing: ReadonlyMap<string, readonly number[]>, signal: AbortSignal | undefined) => {
    refuseDisposed();
    signal?.throwIfAborted();
    const { rows: fresh, tokens, cut = 0 } = await adapter.evaluate([...missing.values()], signal);
    used.calls += missing.size;
    used.tokens += tokens;
    used.cut += cut;
    const found = new Map([...missing.keys()].map((key, index) => [key, fresh[index] as NextTokens]));
    for (const [key, row] of found) rows.set(key, row);
    return found;
  };
  /** Who computes some contexts already. */
  const othersAt = (keys: readonly string[]) => new Set(keys.flatMap((key) => underWay.get(key) ?? []));
  /** Runs work after what runs, or beside it. */
  const scheduled = <T>(work: () => Promise<T>): Promise<T> => {
    const before = adapter.concurrent ? [] : [...running];
    const result = Promise.allSettled(before).then(work);
    running.add(result);
    const done = () => running.delete(result);
    result.then(done, done);
    return result;
  };

  const ended = async () => {
    if (adapter.concurrent) await adapter.dispose();
    await Promise.allSettled([...running]);
    rows.clear();
    if (!adapter.concurrent) await adapter.dispose();
  };

  return {
    name,
    vocabulary,
    next: async (given, { signal } = {}) => {
      refuseDisposed();
      // the caller may go on changing its arrays, of which caches keep what they were
      const contexts = given.map((context) => [...context]);
      for (const context of contexts) checkContext(adapter, context);
      signal?.throwIfAborted();
      const keys = contexts.map((context) => context.join());
      const found = new Map<string, NextTokens>();
      const sought = () => keys.filter((key) => !found.has(key));
      // nothing is awaited between the last look and the note of what is computed here: callers that come at once do not both compute it
      for (let others = othersAt(sought()); others.size > 0; others = othersAt(sought())) {
        const results = await untilAborted(() => Promise.allSettled(others), signal);
        // the cache may be too small to keep what was found
        for (const key of sought()) {
          const row = results
            .map((result) => (result.status === "fulfilled" ? result.value.get(key) : undefined))
            .find(Boolean);
          if (row) found.set(key, row);
        }
        signal?.throwIfAborted();
      }
      const missing = new Map<string, readonly number[]>();
      for (const [index, key] of keys.entries()) {
        if (found.has(key) || missing.has(key)) continue;
        const row = rows.get(key);
        if (row) found.set(key, row);
        else missing.set(key, contexts[index] as number[]);
      }
      if (missing.size > 0) {
        const computing = scheduled(() => evaluate(missing, signal));
        for (const key of missing.keys()) underWay.set(key, computing);
        try {
          for (const [key, row] of await computing) found.set(key, row);
        } finally {
          for (const key of missing.keys()) underWay.delete(key);
        }
      }
      return keys.map((key) => found.get(key) as NextTokens);
    },
    usage: (): Usage => ({ ...used }),
    dispose: () => {
      disposal ??= ended();
      return disposal;
    },
  };
};

const checkContext = ({ name, vocabulary, refusal }: Adapter, context: readonly number[]): void => {
  for (const [place, token] of context.entries()) {
    if (Number.isInteger(token) && token >= 0 && token < vocabulary.size) continue;
    throw new RangeError(
      `${name}: ${token} at place ${place} of a context is no token: there are the tokens 0 to ${vocabulary.size - 1}`,
    );
  }
  const why = refusal?.(context);
  if (why !== undefined) throw new RangeError(`${name}: ${why}`);
};
