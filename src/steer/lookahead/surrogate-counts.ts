import type { Vocabulary } from "../vocabulary/index.ts";
import type { SurrogateContext } from "./surrogate.ts";

/** Actions less likely than this are left to shorter contexts. */
const LEAST_PROBABILITY = 1e-4;

/** Most actions that a context keeps; the empty context keeps all. */
const ACTIONS_LIMIT = 128;

/** What was recorded of one context. */
interface Entry {
  readonly tokens: readonly number[];
  visits: number;
  readonly masses: Map<number, number>;
  /** Actions that lead to longer contexts: they are kept whatever their probability. */
  readonly taken: Set<number>;
}

/** Sums of a model's rows by context. */
export interface SurrogateCounts {
  /** Records what the model said after a context and which token was drawn there. */
  record(context: readonly number[], row: Float64Array, token: number | undefined): void;
  /** Contexts visited often enough, with their beginnings; shorter ones first. */
  contexts(minimumVisits: number): SurrogateContext[];
}

/** Empty sums for contexts of up to `order − 1` tokens. */
export const surrogateCounts = (vocabulary: Vocabulary, order: number): SurrogateCounts => {
  const entries = new Map<string, Entry>();
  const entryOf = (tokens: readonly number[]): Entry => {
    const key = tokens.join();
    const known = entries.get(key) ?? { tokens, visits: 0, masses: new Map(), taken: new Set() };
    entries.set(key, known);
    return known;
  };
  const actionOf = actionsOf(vocabulary);
  // the empty context keeps every action, so its sums stand in an array
  const root = new Float64Array(vocabulary.size + 1);
  entryOf([]);
  return {
    record: (context, row, token) => {
      const masses = massesOf(row, actionOf);
      masses.forEach((mass, a) => {
        root[a] = (root[a] as number) + mass;
      });
      const likely = [...masses.keys()].filter((a) => (masses[a] as number) >= LEAST_PROBABILITY);
      const action = token === undefined ? -1 : (actionOf[token] as number);
      for (let length = 0; length < order && length <= context.length; length++) {
        const entry = entryOf(context.slice(context.length - length));
        entry.visits++;
        if (action >= 0) entry.taken.add(action);
        if (length === 0) continue;
        for (const a of likely) entry.masses.set(a, (entry.masses.get(a) ?? 0) + (masses[a] as number));
      }
    },
    contexts: (minimumVisits) => {
      const chosen = new Set<string>([""]);
      for (const { tokens, visits } of entries.values()) {
        if (visits < minimumVisits) continue;
        for (let length = 0; length <= tokens.length; length++) chosen.add(tokens.slice(0, length).join());
      }
      // a beginning that was never visited by itself stands in the prompt
      const kept = Array.from(chosen, (key) => entryOf(key === "" ? [] : key.split(",").map(Number)));
      for (const { tokens } of kept) {
        if (tokens.length > 0) entryOf(tokens.slice(0, -1)).taken.add(tokens.at(-1) as number);
      }
      root.forEach((mass, a) => {
        if (mass > 0) entryOf([]).masses.set(a, mass);
      });
      return kept.sort(byLengthThenTokens).map(contextOf);
    },
  };
};

/** The action of each token: itself, `size` for an end, −1 for what stands for nothing. */
const actionsOf = ({ size, bytes, ends }: Vocabulary): Int32Array => {
  const actions = Int32Array.from({ length: size }, (_, token) => (bytes[token] ? token : -1));
  for (const end of ends) actions[end] = size;
  return actions;
};

/** Probability of each action, `[size + 1]`, the end last. */
const massesOf = (row: Float64Array, actionOf: Int32Array): Float64Array => {
  const masses = new Float64Array(row.length + 1);
  for (let token = 0; token < row.length; token++) {
    const action = actionOf[token] as number;
    if (action >= 0) masses[action] = (masses[action] as number) + Math.exp(row[token] as number);
  }
  return masses;
};

const contextOf = ({ tokens, visits, masses, taken }: Entry): SurrogateContext => {
  const limit = tokens.length === 0 ? Infinity : ACTIONS_LIMIT;
  const likeliest = [...masses].sort(([a, x], [b, y]) => y - x || a - b).slice(0, limit);
  const actions = [...new Set([...likeliest.map(([action]) => action), ...taken])].sort((a, b) => a - b);
  return { tokens, visits, actions, masses: actions.map((action) => masses.get(action) ?? 0) };
};

const byLengthThenTokens = (left: Entry, right: Entry): number => {
  if (left.tokens.length !== right.tokens.length) return left.tokens.length - right.tokens.length;
  const place = left.tokens.findIndex((token, index) => token !== right.tokens[index]);
  return place < 0 ? 0 : (left.tokens[place] as number) - (right.tokens[place] as number);
};
