import { type RandomGenerator, uniform } from "../../../bellman/index.ts";
import { END } from "../../../space/index.ts";
import type { Resident } from "../../engine/engine.ts";
import type { Architecture } from "../../models/architecture.ts";
import type { Rows } from "../../risks/rows.ts";
import { softmaxRow } from "../objectives/softmax-row.ts";
import { type PrefixTrie, prefixTrie } from "./prefix-trie.ts";
import type { Support } from "./support.ts";
import type { FirstLogits, TransformerSteps } from "./transformer-steps.ts";

/** Responses, the distinct prefixes that they pass, and a Transformer's logits after these. */
export interface DrawnTrie {
  readonly rows: Rows;
  readonly trie: PrefixTrie;
  /** `[prefixes × actions]`, in nats. */
  readonly logits: Float64Array;
  /** `log π` of each, summed along the response, `[count]`. */
  readonly logProbabilities: Float64Array;
  /** Arcs `prefix · actions + action` of all responses, one after the other. */
  readonly arcs: Int32Array;
  readonly offsets: Int32Array;
}

/** Chooses the next action of a response; −1 where it has ended too early. */
export type Choose = (response: number, depth: number, policy: Float64Array, offset: number) => number;

/** Draws from a policy, by its cumulative probabilities. */
export const drawing =
  (random: RandomGenerator, actions: number): Choose =>
  (_, __, policy, offset) => {
    let left = uniform(random);
    let last = -1;
    for (let action = 0; action < actions; action++) {
      const probability = policy[offset + action] as number;
      if (probability === 0) continue;
      if (left < probability) return action;
      left -= probability;
      last = action;
    }
    return last;
  };

/** Takes the actions of given responses. */
export const following =
  ({ tokens, lengths, horizon }: Rows): Choose =>
  (response, depth) =>
    depth < (lengths[response] as number) ? (tokens[response * horizon + depth] as number) : -1;

/**
 * Responses action by action, all at once: each distinct prefix goes through the Transformer once, and remembers keys and values.
 *
 * @throws RangeError where a given response takes an action that the target forbids, or ends too early or too late
 */
export const growTrie = async (options: {
  readonly model: Architecture;
  readonly steps: TransformerSteps;
  readonly weights: Resident;
  readonly support: Support;
  readonly count: number;
  readonly choose: Choose;
}): Promise<DrawnTrie> => {
  const { model, count, choose } = options;
  const { actions, horizon } = model;
  const trie = prefixTrie(options.support, actions, 1 + count * (horizon - 1));
  const logits = new Float64Array(trie.live.length);
  const policy = { logPolicy: new Float64Array(logits.length), policy: new Float64Array(logits.length) };
  const firstArcs = Int32Array.from({ length: logits.length / actions + 1 }, (_, prefix) => prefix * actions);
  const rows: Rows = { count, horizon, tokens: new Int32Array(count * horizon), lengths: new Int32Array(count) };
  const logProbabilities = new Float64Array(count);
  const places = new Int32Array(count * horizon);
  const at = new Int32Array(count);
  const next = levelLogits(options, trie, await options.steps.first(options.weights, count));
  let open = count;
  for (let depth = 0, known = 0; open > 0; depth++) {
    const end = trie.size();
    logits.set(await next(known, end), known * actions);
    for (let prefix = known; prefix < end; prefix++) {
      softmaxRow({ firstArcs }, trie.live, prefix, logits, policy.logPolicy, policy.policy);
    }
    known = end;
    for (let i = 0; i < count; i++) {
      const prefix = at[i] as number;
      if (prefix === END) continue;
      const action = choose(i, depth, policy.policy, prefix * actions);
      const place = prefix * actions + action;
      if (action < 0 || trie.live[place] !== 1) throw refusal(i, depth, action);
      rows.tokens[i * horizon + depth] = action;
      logProbabilities[i] = (logProbabilities[i] as number) + (policy.logPolicy[place] as number);
      places[i * horizon + depth] = place;
      at[i] = trie.follow(prefix, action);
      if (at[i] !== END) continue;
      rows.lengths[i] = depth + 1;
      open--;
    }
  }
  return {
    rows,
    trie,
    logits: logits.subarray(0, trie.size() * actions),
    logProbabilities,
    ...sideBySide(rows, places),
  };
};

const refusal = (response: number, depth: number, action: number): RangeError =>
  new RangeError(
    action < 0
      ? `response ${response} ends after ${depth} actions, too early`
      : `response ${response} takes action ${action} at place ${depth}, which no response of the target does: ` +
          "leave such responses out, or draw from a model conditioned on the target's support",
  );

/** The arcs of all responses, one response after the other. */
const sideBySide = ({ count, horizon, lengths }: Rows, places: Int32Array) => {
  const offsets = new Int32Array(count + 1);
  for (let i = 0; i < count; i++) offsets[i + 1] = (offsets[i] as number) + (lengths[i] as number);
  const arcs = new Int32Array(offsets[count] as number);
  for (let i = 0; i < count; i++) {
    arcs.set(places.subarray(i * horizon, i * horizon + (lengths[i] as number)), offsets[i]);
  }
  return { arcs, offsets };
};

/** Keys and values of the prefixes of a depth: arrays of rows, and which row a prefix has. */
interface KnownLevel {
  readonly present: readonly Float32Array[];
  rowOf(prefix: number): number;
}

/** Prefixes of all depths for one of the last. */
const FEW_BEGINNINGS = 1.5;

/** Logits of consecutive prefixes of one depth, whose beginnings went before. */
const levelLogits = (
  { model, steps, weights }: Parameters<typeof growTrie>[0],
  trie: PrefixTrie,
  top: FirstLogits,
): ((first: number, end: number) => Promise<Float32Array>) => {
  const { actions, width, horizon, eos } = model;
  const pair = 2 * width;
  const known: KnownLevel[] = [];
  const rowInTop = placesIn(trie, actions - (eos ? 1 : 0));
  const pastOf = (prefix: number, depth: number, layer: number, out: Float32Array, offset: number): void => {
    let at = prefix;
    for (let t = depth - 1; t >= 0; t--) {
      at = trie.parents[at] as number;
      const { present, rowOf } = known[t] as KnownLevel;
      const row = rowOf(at) * pair;
      out.set((present[layer] as Float32Array).subarray(row, row + pair), offset + t * pair);
    }
  };
  return async (first, end) => {
    const depth = known.length;
    if (depth < top.depths) {
      known.push({ present: top.present, rowOf: rowInTop });
      const logits = new Float32Array((end - first) * actions);
      for (let i = 0; i < end - first; i++) {
        const row = rowInTop(first + i) * actions;
        logits.set(top.logits.subarray(row, row + actions), i * actions);
      }
      return logits;
    }
    // at the last depth keys and values are not needed again: where beginnings are few, to go through all is cheaper than to move them
    if (depth === horizon - 1 && end <= FEW_BEGINNINGS * (end - first)) {
      return (await steps.trieLogits(weights, trie)).subarray(first * actions, end * actions);
    }
    const { logits, present } = await steps.next(weights, {
      count: end - first,
      depth,
      token: trie.tokens.slice(first, end),
      copyPast: (layer, i, out, offset) => pastOf(first + i, depth, layer, out, offset),
    });
    known.push({ present, rowOf: (prefix) => prefix - first });
    return logits;
  };
};

/** The places of a trie's prefixes among all prefixes, depth by depth in lexicographic order. */
const placesIn = ({ depths, tokens, parents }: PrefixTrie, vocabulary: number): ((prefix: number) => number) => {
  const withinDepth = (prefix: number): number =>
    depths[prefix] === 0 ? 0 : withinDepth(parents[prefix] as number) * vocabulary + (tokens[prefix] as number);
  return (prefix) => {
    let before = 0;
    for (let depth = 0; depth < (depths[prefix] as number); depth++) before += vocabulary ** depth;
    return before + withinDepth(prefix);
  };
};
