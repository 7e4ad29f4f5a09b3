import type { LanguageModel, NextTokens } from "../models/index.ts";
import { type Expansion, expansionOf } from "./expansion.ts";
import { logSum } from "./log-weights.ts";
import { type Prefix, tokensOf } from "./prefix.ts";
import { type Scorer, scorerOf } from "./scorer.ts";
import type { Wish } from "./wish.ts";
import { badRow, wishEntries, wishRows } from "./wish-rows.ts";

/** Where samplers learn what can follow a prefix: from the model and the wish, once for each prefix. */
export interface Explorer {
  /** Nothing said yet. */
  readonly root: Prefix;
  /** `Û(x)`, in nats. */
  readonly startValue: number;
  /** The prefix with a token more. */
  child(prefix: Prefix, token: number): Prefix;
  isEnd(token: number): boolean;
  /** Tokens that may follow: those that stand for text, and ends; at the limit of the wish, ends alone. */
  allowed(prefix: Prefix): Int32Array;
  /** `log π(a|s)` after each prefix, `[vocabulary]`; rows are shared. */
  model(prefixes: readonly Prefix[]): Promise<readonly NextTokens[]>;
  /** Next tokens weighed by the wish. */
  expand(prefixes: readonly Prefix[]): Promise<Expansion[]>;
  /** One entry of the wish's row after each prefix, in nats. */
  entries(prefixes: readonly Prefix[], tokens: readonly number[]): Promise<Float64Array>;
  /** `log π` of a token, or of any end where the token is one. */
  logModelOf(row: NextTokens, token: number): number;
  /** What the potentials of whole responses say. */
  readonly scores: Scorer;
  /** Calls and tokens since the exploration began, and what truncated rows left out. */
  usage(): ExplorerUsage;
}

/** What an exploration has cost so far. */
export interface ExplorerUsage {
  readonly calls: number;
  readonly tokens: number;
  /** Contexts that were cut to what the model sees. */
  readonly cut: number;
  /** Largest probability that a row did not report. */
  readonly missing: number;
}

/** Memory for expansions that may be asked for again, in bytes. */
const EXPANSION_BYTES = 2 ** 26;

/** Prefixes that are kept for sharing; beyond them the tree is begun anew. */
const PREFIXES = 200_000;

/** @param context the prompt's tokens */
export const explorerOf = (
  model: LanguageModel,
  context: readonly number[],
  wish: Wish,
  signal: AbortSignal | undefined,
): Explorer => {
  const { vocabulary } = model;
  const { potential } = wish;
  const { state, value } = potential.start();
  const root: Prefix = { parent: undefined, token: -1, length: 0, state, children: undefined, expansion: undefined };
  const ends = new Set(vocabulary.ends);
  const allowed = allowedTokens(vocabulary.bytes, vocabulary.ends);
  const lastAllowed = Int32Array.from(vocabulary.ends);
  const before = model.usage();
  // prefixes whose expansions are remembered, the oldest first
  const remembered: Prefix[] = [];
  const kept = Math.max(1, Math.floor(EXPANSION_BYTES / (16 * vocabulary.size)));
  let [prefixes, missing] = [1, 0];

  const allowedAfter = ({ length }: Prefix) => (length < wish.maximumTokens ? allowed : lastAllowed);
  const rowsAfter = async (asked: readonly Prefix[]): Promise<readonly NextTokens[]> => {
    const rows = await model.next(
      asked.map((prefix) => tokensOf(prefix, context)),
      { signal },
    );
    for (const row of rows) missing = Math.max(missing, row.missing);
    return rows;
  };
  const expandNew = async (fresh: readonly Prefix[]): Promise<void> => {
    const [rows, values] = await Promise.all([rowsAfter(fresh), wishRows(potential, fresh, vocabulary.size, signal)]);
    // one array for all: thirty small ones take as long to make as their exponentials
    const size = vocabulary.size;
    const weights = new Float64Array(size * fresh.length);
    for (const [i, prefix] of fresh.entries()) {
      const ofWish = values[i] as Float64Array;
      const own = weights.subarray(i * size, (i + 1) * size);
      const expansion = expansionOf(rows[i] as NextTokens, ofWish, allowedAfter(prefix), own);
      if (!expansion) throw badRow(potential, ofWish, vocabulary.decode(tokensOf(prefix)));
      prefix.expansion = expansion;
      remembered.push(prefix);
    }
  };
  const forget = (): void => {
    const surplus = remembered.length - kept;
    if (surplus <= 0) return;
    for (const prefix of remembered.splice(0, surplus)) prefix.expansion = undefined;
  };

  return {
    root,
    startValue: value,
    child: (prefix, token) => {
      const known = prefix.children?.get(token);
      if (known) return known;
      if (++prefixes > PREFIXES) {
        // prefixes in use stay whole: only what later ones would share is given up
        root.children = undefined;
        prefixes = 1;
      }
      const child: Prefix = {
        parent: prefix,
        token,
        length: prefix.length + 1,
        state: potential.advance(prefix.state, token),
        children: undefined,
        expansion: undefined,
      };
      prefix.children ??= new Map();
      prefix.children.set(token, child);
      return child;
    },
    isEnd: (token) => ends.has(token),
    allowed: allowedAfter,
    model: rowsAfter,
    expand: async (asked) => {
      const fresh = new Set(asked.filter(({ expansion }) => !expansion));
      if (fresh.size > 0) await expandNew([...fresh]);
      const found = asked.map(({ expansion }) => expansion as Expansion);
      forget();
      return found;
    },
    entries: (asked, tokens) => wishEntries(potential, asked, tokens, vocabulary.size, signal),
    logModelOf: ({ logProbabilities }, token) =>
      ends.has(token)
        ? logSum(vocabulary.ends.map((end) => logProbabilities[end] as number))
        : (logProbabilities[token] as number),
    scores: scorerOf(wish.complete ?? [], (prefix) => vocabulary.decode(tokensOf(prefix)), signal),
    usage: () => {
      const { calls, tokens, cut } = model.usage();
      return { calls: calls - before.calls, tokens: tokens - before.tokens, cut: cut - before.cut, missing };
    },
  };
};

/** Tokens that stand for text, and ends, in increasing order. */
const allowedTokens = (bytes: readonly (Uint8Array | null)[], ends: readonly number[]): Int32Array => {
  const isEnd = new Set(ends);
  return Int32Array.from([...bytes.keys()].filter((token) => isEnd.has(token) || bytes[token] !== null));
};
