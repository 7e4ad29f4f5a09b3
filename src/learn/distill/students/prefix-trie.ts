import { END } from "../../../space/index.ts";
import type { Graph } from "../../flat-space.ts";
import type { Support } from "./support.ts";

/** The distinct prefixes that some responses pass, each once, parents before children. */
export interface PrefixTrie {
  readonly actions: number;
  /** Number of prefixes so far. */
  size(): number;
  /** Number of tokens of each prefix, `[capacity]`. */
  readonly depths: Int32Array;
  /** Last token of each prefix, `[capacity]`; −1 of the empty one. */
  readonly tokens: Int32Array;
  /** The prefix without its last token, `[capacity]`. */
  readonly parents: Int32Array;
  /** Prefix that each action leads to, `[capacity × actions]`; −1 where no response went or where it ends. */
  readonly children: Int32Array;
  /** 1 for an action that the target allows, `[capacity × actions]`. */
  readonly live: Uint8Array;
  /** `r(s,a)`, in nats, `[capacity × actions]`; absent where only whole responses have scores. */
  readonly rewards?: Float64Array;
  /** The prefix after an action, made where it is new; {@link END} where the response ends. */
  follow(prefix: number, action: number): number;
  /** The trie as a graph; arcs that no response took lead nowhere. */
  graph(): Graph;
}

/**
 * A trie that holds the empty prefix.
 *
 * @param capacity most prefixes that it will hold
 */
export const prefixTrie = (support: Support, actions: number, capacity: number): PrefixTrie => {
  const depths = new Int32Array(capacity);
  const tokens = new Int32Array(capacity);
  const parents = new Int32Array(capacity);
  const states = new Int32Array(capacity);
  const children = new Int32Array(capacity * actions).fill(-1);
  const arcs = new Int32Array(capacity * actions);
  const live = new Uint8Array(capacity * actions);
  const rewards = support.reward ? new Float64Array(capacity * actions) : undefined;
  let size = 0;
  const add = (parent: number, token: number, depth: number, state: number): number => {
    const prefix = size++;
    [depths[prefix], tokens[prefix], parents[prefix], states[prefix]] = [depth, token, parent, state];
    for (let action = 0; action < actions; action++) {
      const place = prefix * actions + action;
      const arc = support.arcOf(depth, state, action);
      arcs[place] = arc;
      if (arc < 0) continue;
      live[place] = 1;
      if (rewards && support.reward) rewards[place] = support.reward(arc);
    }
    return prefix;
  };
  add(0, -1, 0, support.start);
  return {
    actions,
    size: () => size,
    depths,
    tokens,
    parents,
    children,
    live,
    ...(rewards ? { rewards } : {}),
    follow: (prefix, action) => {
      const place = prefix * actions + action;
      const known = children[place] as number;
      if (known >= 0) return known;
      const depth = depths[prefix] as number;
      const state = support.next(depth, arcs[place] as number);
      if (state === END) return END;
      const child = add(prefix, action, depth + 1, state);
      children[place] = child;
      return child;
    },
    graph: () => {
      const targets = children.slice(0, size * actions);
      for (let arc = 0; arc < targets.length; arc++) if (targets[arc] === -1) targets[arc] = size;
      return {
        states: size,
        arcs: size * actions,
        start: 0,
        firstArcs: Int32Array.from({ length: size + 1 }, (_, prefix) => prefix * actions),
        targets,
      };
    },
  };
};
