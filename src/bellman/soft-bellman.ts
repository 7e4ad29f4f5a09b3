import { type DepthSweep, type KernelOptions, kernelFor } from "../kernels/index.ts";
import {
  type ArcLayer,
  checkSameSpace,
  END,
  emptyLevel,
  emptyValues,
  type Space,
  type Table,
  tableBytes,
} from "../space/index.ts";
import { byDepth } from "./by-depth.ts";
import { emptyModel } from "./empty-model.ts";
import { expectKind } from "./expect-kind.ts";

/** An autoregressive model with the soft values of all its states. */
export interface Arm {
  /** Logits `q(s,a)`; on an arc into a state that cannot finish, −∞. */
  readonly logits: Table;
  /** Soft values `V_q(s) = log Σ_a exp q(s,a)`, one array `[states]` per depth, in nats. */
  readonly values: readonly Float64Array[];
  /** `V_q` at the start, in nats: `log Z` of the energy-based model `M⁻¹(q)`. */
  readonly logPartition: number;
}

/** How {@link toLogits} sweeps, and where to. */
export interface SweepOptions extends KernelOptions {
  /**
   * A model of the same space that is needed no more: its arrays are written over. Fresh memory for a large table costs up to half as
   * much as the sweep.
   */
  readonly out?: Arm;
}

/** Anything that gives a distribution over responses: a reward or logits table, or logits with their values. */
export type Model = Table | Arm;

/**
 * The autoregressive model of a reward, `q = M(r)`.
 *
 * `q(s,a) = r(s,a) + V_q(s⊕a)`, and `q(s,a) = r(s,a)` where `a` ends the response, backward in depth, in float64. Its
 * policy draws responses with probability exactly `exp R(y) / Z`, and `log Z = V_q(start)`. Costs one visit, and one
 * exponential, per arc. The last depth's logits are the reward's own array. Source: theory §2 (arXiv 2512.15605, Prop. 3.2).
 *
 * @param reward a table of kind `"reward"`
 * @param options how to sweep; an automaton's layers are swept by one thread, and threads gain most on rewards in shared
 * memory: see {@link emptyLevels}
 * @throws TypeError where the table holds logits; RangeError where `options.out` is on another space or shares the reward's memory;
 * {@link EmptyModelError} where no response has positive probability
 * @example
 * ```ts
 * import { table, toLogits, tree } from "arbel";
 * const space = tree({ tokens: ["a", "b"], horizon: 3, eos: true });
 * const reward = table(space, "reward", (prefix, action) => (action === 2 ? prefix.length : 0));
 * const { logits, logPartition } = toLogits(reward);
 * console.log(logits.levels[0], logPartition);
 * ```
 */
export const toLogits = (reward: Table, options: SweepOptions = {}): Arm => {
  expectKind(reward, "reward");
  if (options.out) checkOut(reward, options.out);
  const arm = reward.space.kind === "tree" ? sweepTree(reward, options) : sweepLayers(reward, options);
  if (arm.logPartition === -Infinity) throw emptyModel(reward);
  return arm;
};

/**
 * The reward of an autoregressive model, `r = M⁻¹(q)`.
 *
 * `r(s,a) = q(s,a) − V_q(s⊕a)`, and `r(s,a) = q(s,a)` where `a` ends the response; −∞ on arcs into states that cannot
 * finish. `M(M⁻¹(q)) = q`. The last depth's rewards are the logits' own array. Source: theory §2 (arXiv 2512.15605, Prop. 3.2).
 *
 * @throws TypeError where the table holds rewards; {@link EmptyModelError} where no response has positive probability
 * @example
 * ```ts
 * import { table, toLogits, toReward, tree } from "arbel";
 * const space = tree({ tokens: 3, horizon: 2, eos: false });
 * const logits = table(space, "logits", (prefix, action) => prefix.length - action);
 * console.log(toLogits(toReward(logits)).logits.levels); // the same logits
 * ```
 */
export const toReward = (logits: Table, options: KernelOptions = {}): Table => {
  expectKind(logits, "logits");
  const { space } = logits;
  const values = softValues(logits, options);
  if (startValue(space, values) === -Infinity) throw emptyModel(logits);
  const levels = byDepth(
    space.horizon,
    (depth) => [logits.levels[depth], space.layer(depth), values[depth + 1]],
    (depth) => {
      const [level, next] = [logits.levels[depth] as Float64Array, values[depth + 1]];
      return next ? mapArcs(space, depth, level, (q, target) => rewardOfArc(q, target, next)) : level;
    },
  );
  return { space, kind: "reward", levels };
};

/** The last depth of `out` is not written: it is the reward's own there. */
const checkOut = ({ space, levels }: Table, out: Arm): void => {
  checkSameSpace(space, out.logits.space);
  const buffers = new Set(levels.map(({ buffer }) => buffer));
  const written = [...out.logits.levels.slice(0, -1), ...out.values];
  if (written.some(({ buffer }) => buffers.has(buffer))) {
    throw new RangeError('"out" shares memory with the reward, which is read while it is written: leave it out');
  }
  if (new Set(written.map(({ buffer }) => buffer)).size < written.length) {
    throw new RangeError('"out" holds one array twice: give what toLogits returned');
  }
};

/** `r = q − V(s⊕a)`; −∞ into a dead state, where the difference would be +∞. */
const rewardOfArc = (q: number, target: number, next: Float64Array): number => {
  if (target === END) return q;
  const value = next[target] as number;
  return value === -Infinity ? -Infinity : q - value;
};

/** Soft values `V_q(s) = log Σ_a exp q(s,a)`, one array `[states]` per depth, of logits. */
export const softValues = (logits: Table, options: KernelOptions = {}): Float64Array[] => {
  expectKind(logits, "logits");
  const { space, levels } = logits;
  if (space.kind === "tree") {
    const kernel = kernelFor(tableBytes(space) / 8, options);
    return levels.map((level, depth) => {
      const { states: rows } = space.layer(depth);
      const values = emptyValues(space, depth);
      kernel.softValues({ rows, tokens: space.tokens.length, actions: space.actions }, level, values);
      return values;
    });
  }
  const arcs = kernelFor(space.layer(0).arcs, options);
  return byDepth(
    space.horizon,
    (depth) => [levels[depth], space.layer(depth)],
    (depth) => {
      const layer = space.layer(depth) as ArcLayer;
      const values = new Float64Array(layer.states);
      arcs.softBellmanArcs(layer, levels[depth] as Float64Array, null, null, values);
      return values;
    },
  );
};

/**
 * M on a tree. At the last depth, where every action ends the response, `q` is `r`: its array is the reward's own. That is most of the
 * table, and not writing it to fresh memory halves the time.
 */
const sweepTree = (reward: Table, options: SweepOptions): Arm => {
  const { space } = reward;
  const [tokens, actions] = [space.tokens.length, space.actions];
  const levels = reward.levels.slice();
  const values: Float64Array[] = [];
  const depthOf = (depth: number): DepthSweep => {
    const next = values[depth + 1] ?? null;
    const logits = next && (options.out?.logits.levels[depth] ?? emptyLevel(space, depth));
    const value = options.out?.values[depth] ?? emptyValues(space, depth);
    const r = reward.levels[depth] as Float64Array;
    levels[depth] = logits ?? r;
    values[depth] = value;
    return { level: { rows: space.layer(depth).states, tokens, actions }, reward: r, next, logits, values: value };
  };
  const last = space.horizon - 1;
  const others = () => Array.from({ length: last }, (_, index) => depthOf(last - 1 - index));
  kernelFor(tableBytes(space) / 8, options).softBellmanTree(depthOf(last), others);
  return armOfSweep(space, levels, values);
};

/** M on an automaton, depth by depth from the last, whose `q` is `r`. */
const sweepLayers = (reward: Table, options: SweepOptions): Arm => {
  const { space } = reward;
  const kernel = kernelFor(space.layer(0).arcs, options);
  const levels: Float64Array[] = new Array(space.horizon);
  const values: Float64Array[] = new Array(space.horizon);
  for (let depth = space.horizon - 1; depth >= 0; depth--) {
    const layer = space.layer(depth) as ArcLayer;
    const r = reward.levels[depth] as Float64Array;
    const next = values[depth + 1] ?? null;
    const value = options.out?.values[depth] ?? new Float64Array(layer.states);
    const q = next && (options.out?.logits.levels[depth] ?? new Float64Array(layer.arcs));
    kernel.softBellmanArcs(layer, r, next, q, value);
    levels[depth] = q ?? r;
    values[depth] = value;
  }
  return armOfSweep(space, levels, values);
};

const armOfSweep = (space: Space, levels: Float64Array[], values: Float64Array[]): Arm => ({
  logits: { space, kind: "logits", levels },
  values,
  logPartition: startValue(space, values),
});

const startValue = (space: Space, values: readonly Float64Array[]) =>
  (values[0] as Float64Array)[space.start] as number;

/** One number per arc of a depth, from the old number and the arc's target. */
const mapArcs = (
  space: Space,
  depth: number,
  level: Float64Array,
  map: (x: number, target: number) => number,
): Float64Array => {
  const layer = space.layer(depth);
  const out = emptyLevel(space, depth);
  for (let state = 0; state < layer.states; state++) {
    const end = layer.firstArc(state + 1);
    for (let arc = layer.firstArc(state); arc < end; arc++) {
      out[arc] = map(level[arc] as number, layer.target(arc, state));
    }
  }
  return out;
};
