import type { DecoderSession, KeysAndValues } from "./decoder-session.ts";
import { gather } from "./gather.ts";
import { type KnownPrefix, prefixCache } from "./prefix-cache.ts";

/** Logits of contexts, as a decoder gives them. */
export interface DecoderRows {
  /** Logits after each context `[vocabulary]`, in nats, and how many tokens were read for them. */
  evaluate(
    contexts: readonly (readonly number[])[],
    signal: AbortSignal | undefined,
  ): Promise<{ readonly logits: readonly Float32Array[]; readonly tokens: number }>;
  dispose(): Promise<void>;
}

/** Knobs of every model that keeps keys and values of what it read. */
export interface DecoderRowsOptions {
  /** Memory for keys and values that may be used again, in bytes. Default: 256 MiB. 0 keeps none. */
  readonly cacheBytes?: number;
}

/** Contexts in one run, at most: more gain nothing. */
const MOST_ROWS = 64;

/** Logits of one run, at most: 2^25 numbers, 128 MiB. */
const MOST_LOGITS = 2 ** 25;

/**
 * Runs a decoder on contexts of any lengths: those of one length that go on from prefixes of one length run together, short ones first, so
 * that longer ones go on from them.
 */
export const decoderRows = (
  session: DecoderSession,
  { cacheBytes = 2 ** 28 }: DecoderRowsOptions = {},
): DecoderRows => {
  const cache = prefixCache(cacheBytes);
  const mostPositions = Math.max(1, Math.floor(MOST_LOGITS / session.vocabulary));
  /** The last logits of contexts of one length, all of whose known prefixes have one length. */
  const run = async (
    batch: readonly Pending[],
    read: { tokens: number },
    signal: AbortSignal | undefined,
  ): Promise<Float32Array[]> => {
    const contexts = batch.map(({ context }) => context);
    const length = contexts[0]?.length ?? 0;
    let past: KeysAndValues = gather(
      session.parts,
      batch.map(({ prefix }) => prefix),
    );
    const atOnce = Math.max(1, Math.floor(mostPositions / batch.length));
    for (;;) {
      signal?.throwIfAborted();
      const end = Math.min(length, past.length + atOnce);
      const fresh = contexts.map((context) => context.slice(past.length, end));
      const { logits, present } = await session.run(fresh, past);
      const positions = end - past.length;
      read.tokens += positions * batch.length;
      past = present;
      if (end < length) continue;
      cache.add(contexts, present);
      return contexts.map((_, row) => {
        const last = ((row + 1) * positions - 1) * session.vocabulary;
        return logits.slice(last, last + session.vocabulary);
      });
    }
  };

  const evaluate: DecoderRows["evaluate"] = async (contexts, signal) => {
    const read = { tokens: 0 };
    const shared = sharedLength(contexts);
    const first = contexts[0] as readonly number[];
    if (cacheBytes > 0 && contexts.length > 1 && shared > (cache.longest(first.slice(0, shared + 1))?.length ?? 0)) {
      const context = first.slice(0, shared);
      await run([{ context, prefix: cache.longest(context), index: 0 }], read, signal);
    }
    const found: Float32Array[] = [];
    for (const sameLength of groupsBy(
      contexts.map((context, index) => ({ context, index })),
      lengthOf,
    )) {
      const pending = sameLength.map((each): Pending => ({ ...each, prefix: cache.longest(each.context) }));
      for (const samePast of groupsBy(pending, ({ prefix }) => prefix?.length ?? 0)) {
        for (const batch of chunks(samePast, Math.min(MOST_ROWS, mostPositions))) {
          const logits = await run(batch, read, signal);
          for (const [row, { index }] of batch.entries()) found[index] = logits[row] as Float32Array;
        }
      }
    }
    return { logits: found, tokens: read.tokens };
  };
  return {
    evaluate,
    dispose: () => {
      cache.clear();
      return session.dispose();
    },
  };
};

/** A context that waits for its logits. */
interface Pending {
  readonly context: readonly number[];
  readonly prefix: KnownPrefix | undefined;
  /** Its place among the contexts that were asked for. */
  readonly index: number;
}

const lengthOf = ({ context }: { readonly context: readonly number[] }): number => context.length;

/** Items of equal keys together, by increasing key. */
const groupsBy = <T>(items: readonly T[], keyOf: (item: T) => number): readonly (readonly T[])[] => {
  const groups = new Map<number, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return [...groups].sort(([a], [b]) => a - b).map(([, group]) => group);
};

const chunks = <T>(items: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));

/** How many tokens all contexts begin with, leaving each at least one. */
const sharedLength = (contexts: readonly (readonly number[])[]): number => {
  const first = contexts[0] as readonly number[];
  let length = contexts.reduce((shortest, context) => Math.min(shortest, context.length), Infinity) - 1;
  for (const context of contexts) {
    for (let place = 0; place < length; place++) if (context[place] !== first[place]) length = place;
  }
  return Math.max(0, length);
};
