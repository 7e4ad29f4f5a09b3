import { emptyLevel } from "./empty-level.ts";
import type { Space } from "./space.ts";
import { prefixOf, type Tree } from "./tree.ts";

/** What a table's numbers are: rewards `r(s,a)` of an energy-based model, or logits `q(s,a)` of an autoregressive one. */
export type Kind = "reward" | "logits";

/** Numbers on a space: one per arc, in nats. Treated as read-only once made. */
export interface Table {
  readonly space: Space;
  readonly kind: Kind;
  /**
   * One array per depth. On a tree `[V^t × actions]`, row-major; on an automaton `[arcs]` in the layer's order.
   * −∞ forbids. Depths with the same numbers may share one array.
   */
  readonly levels: readonly Float64Array[];
}

/** Largest table, all depths together: 4 GiB. */
export const TABLE_BYTES_LIMIT = 2 ** 32;

/** What a depth takes besides its numbers, generously: with a long horizon its objects are what fills the memory. */
const DEPTH_BYTES = 4096;

/** Bytes of a table on a space, all depths together. May be `Infinity`. */
export const tableBytes = (space: Space): number => {
  if (space.kind === "tree") return 8 * treeArcs(space);
  let arcs = 0;
  for (let depth = 0; depth < space.horizon; depth++) arcs += space.layer(depth).arcs;
  return 8 * arcs;
};

/** Arcs of a tree at all depths, in closed form: a horizon may be written far too large. */
const treeArcs = ({ tokens: { length: vocabulary }, horizon, actions }: Space): number =>
  actions * (vocabulary === 1 ? horizon : (vocabulary ** horizon - 1) / (vocabulary - 1));

/**
 * Refuses a space whose tables would not fit.
 *
 * @throws RangeError with the size, the limit and what to do instead
 */
export const checkFits = (space: Space): void => {
  const bytes = tableBytes(space) + DEPTH_BYTES * space.horizon;
  if (bytes > TABLE_BYTES_LIMIT) {
    throw new RangeError(
      `a table on ${describeSpace(space)} would take ${formatBytes(bytes)}, the limit is ${formatBytes(TABLE_BYTES_LIMIT)}: ` +
        "lower the horizon, merge states into an automaton, or work along single responses with rewardAlong",
    );
  }
};

/**
 * Refuses a horizon for which not even the list of depths would fit; for use before anything that long is made.
 *
 * @throws RangeError with the size, the limit and what to do instead
 */
export const checkDepths = (horizon: number): void => {
  if (DEPTH_BYTES * horizon > TABLE_BYTES_LIMIT) {
    throw new RangeError(
      `a table with horizon ${horizon} would take at least ${formatBytes(DEPTH_BYTES * horizon)}, the limit is ` +
        `${formatBytes(TABLE_BYTES_LIMIT)}: lower the horizon, or work along single responses with rewardAlong`,
    );
  }
};

const describeSpace = (space: Space) =>
  `${space.kind === "tree" ? "a tree" : "an automaton"} with ${count(space.tokens.length, "token")} and horizon ${space.horizon}`;

const count = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;

const formatBytes = (bytes: number): string => {
  if (bytes === Infinity) return "more than 1e308 bytes";
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
  let [size, unit] = [bytes, 0];
  while (size >= 1024 && unit < units.length - 1) [size, unit] = [size / 1024, unit + 1];
  return `${size < 1e4 ? Number(size.toFixed(1)) : size.toExponential(1)} ${units[unit]}`;
};

/**
 * A table from one array per depth; the arrays are checked and kept, not copied. Large ones are best made by
 * {@link emptyLevels}: `toLogits` reads them with all threads.
 *
 * @param levels on a tree, `levels[t]` is `[V^t × actions]`, row-major, prefixes in lexicographic order; on an automaton
 * `[arcs]` in the order of `space.layer(t)`; in nats, −∞ forbids
 * @throws TypeError where an array is not a Float64Array; RangeError where arrays are missing or of the wrong length, a
 * number is NaN or +∞, or an action other than EOS is allowed at the last depth of a space with EOS
 * @example
 * ```ts
 * import { tableOf, toLogits, tree } from "arbel";
 * const space = tree({ tokens: ["a", "b"], horizon: 2, eos: false });
 * const reward = tableOf(space, "reward", [Float64Array.of(0, 1), Float64Array.of(2, 0, 0, 0)]);
 * console.log(toLogits(reward).logPartition); // log(e² + 1 + e + e)
 * ```
 */
export const tableOf = (space: Space, kind: Kind, levels: readonly Float64Array[]): Table => {
  checkKind(kind);
  checkFits(space);
  if (levels.length !== space.horizon) {
    throw new RangeError(`"levels" must hold ${space.horizon} arrays, one per depth, got ${levels.length}`);
  }
  for (let depth = 0; depth < space.horizon; depth++) {
    const level = levels[depth];
    const { arcs } = space.layer(depth);
    if (!(level instanceof Float64Array)) throw new TypeError(`"levels[${depth}]" must be a Float64Array`);
    if (level.length !== arcs) {
      throw new RangeError(`"levels[${depth}]" must hold ${arcs} numbers, got ${level.length}`);
    }
    if (depth > 0 && level === levels[depth - 1] && space.layer(depth) === space.layer(depth - 1)) continue;
    checkNumbers(level, space, depth);
  }
  return { space, kind, levels: [...levels] };
};

const checkKind = (kind: Kind) => {
  if (kind !== "reward" && kind !== "logits") {
    throw new RangeError(`"kind" must be "reward" or "logits", got ${JSON.stringify(kind)}`);
  }
};

/** Numbers as large as this, added up over a response, could pass the largest float64. */
const largestNumber = (space: Space): number => Number.MAX_VALUE / 4 / space.horizon;

const checkNumbers = (level: Float64Array, space: Space, depth: number): void => {
  const largest = largestNumber(space);
  for (let arc = 0; arc < level.length; arc++) {
    const x = level[arc] as number;
    // NaN and +∞ fail the first comparison too
    if (x <= largest && (x >= -largest || x === -Infinity)) continue;
    const repair = Number.isFinite(x)
      ? `so large that a response's sum may overflow: scale the numbers below ${largest.toExponential(1)}`
      : "not allowed: use a finite number, or −∞ to forbid the action";
    throw new RangeError(`${placeOf(space, depth, arc)} is ${x}, ${repair}`);
  }
  if (space.kind === "tree" && space.eos && depth === space.horizon - 1) {
    for (let arc = 0; arc < level.length; arc++) {
      if (arc % space.actions !== space.tokens.length && level[arc] !== -Infinity) {
        throw new RangeError(`${placeOf(space, depth, arc)} must be −∞: at the last depth only EOS is allowed`);
      }
    }
  }
};

/** Where a number of a table stands, for messages. */
export const placeOf = (space: Space, depth: number, arc: number): string => {
  if (space.kind !== "tree") return `the number of arc ${arc} at depth ${depth}`;
  const state = Math.floor(arc / space.actions);
  const prefix = prefixOf(space as Tree, depth, state).map((token) => space.tokens[token]);
  const action = space.tokens[arc - state * space.actions] ?? "EOS";
  return `the number at depth ${depth} for ${JSON.stringify(action)} after ${JSON.stringify(prefix)}`;
};

/**
 * A table on a tree from a function of the prefix and the action.
 *
 * At the last depth of a tree with EOS only EOS is asked for; the other columns become −∞.
 *
 * @param numberOf the number, in nats, for an action (a token's index, or `tokens.length` for EOS) after a prefix; the
 * prefix is reused between calls
 * @throws TypeError on an automaton, whose states are not prefixes: use {@link tableOfArcs}
 * @example
 * ```ts
 * import { table, toLogits, tree } from "arbel";
 * const space = tree({ tokens: ["a", "b", "c"], horizon: 4, eos: true });
 * // one nat for each "a", and one more for ending on it
 * const reward = table(space, "reward", (prefix, action) =>
 *   action === 0 ? 1 : action === 3 && prefix.at(-1) === 0 ? 1 : 0);
 * console.log(toLogits(reward).logPartition);
 * ```
 */
export const table = (
  space: Space,
  kind: Kind,
  numberOf: (prefix: readonly number[], action: number) => number,
): Table => {
  if (space.kind !== "tree") {
    throw new TypeError("an automaton's states are not prefixes: use tableOfArcs, which is given the depth and state");
  }
  let [depthOfPrefix, stateOfPrefix] = [-1, -1];
  let prefix: number[] = [];
  return tableOfArcs(space, kind, (depth, state, action) => {
    if (depth !== depthOfPrefix || state !== stateOfPrefix) {
      [depthOfPrefix, stateOfPrefix] = [depth, state];
      prefix = prefixOf(space as Tree, depth, state);
    }
    return numberOf(prefix, action);
  });
};

/**
 * A table on any space from a function of depth, state and action; −∞ where the space has no such action.
 *
 * @throws RangeError where the function gives NaN or +∞
 */
export const tableOfArcs = (
  space: Space,
  kind: Kind,
  numberOf: (depth: number, state: number, action: number) => number,
): Table => {
  checkKind(kind);
  checkFits(space);
  const levels: Float64Array[] = [];
  for (let depth = 0; depth < space.horizon; depth++) {
    const layer = space.layer(depth);
    const level = emptyLevel(space, depth);
    for (let state = 0; state < layer.states; state++) {
      const end = layer.firstArc(state + 1);
      for (let arc = layer.firstArc(state); arc < end; arc++) {
        const action = layer.action(arc, state);
        level[arc] = layer.arcOf(state, action) < 0 ? -Infinity : numberOf(depth, state, action);
      }
    }
    levels.push(level);
  }
  return tableOf(space, kind, levels);
};
