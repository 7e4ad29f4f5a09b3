/** One depth of a tree, as the kernels see it: rows are states, `[rows × actions]`, row-major, in nats. */
export interface TreeLevel {
  /** Number of rows. */
  readonly rows: number;
  /** Number of tokens `V`. */
  readonly tokens: number;
  /** Number of actions: `V`, or `V + 1` with EOS as the last column. */
  readonly actions: number;
}

/** A depth of a tree and what is computed of it. */
export interface DepthTarget {
  readonly level: TreeLevel;
  /** `[rows × actions]`, written; `null` where only soft values are asked for. */
  readonly logits: Float64Array | null;
  /** `[rows]`, written. */
  readonly values: Float64Array;
}

/** One depth of a sweep over a tree. */
export interface DepthSweep extends DepthTarget {
  /** `[rows × actions]`: rewards; logits where only soft values are asked for. */
  readonly reward: Float64Array;
  /** Soft values of the next depth, `[rows × tokens]`, or `null` where every action ends. */
  readonly next: Float64Array | null;
}

/** One depth of an automaton, as the kernels see it. */
export interface ArcRows {
  /** First arc of each row, and the number of arcs, `[states + 1]`. */
  readonly offsets: Int32Array;
  /** State of the next depth that each arc leads to, or −1 for the end, `[arcs]`. */
  readonly targets: Int32Array;
}

/**
 * The hot loops of the Bellman recursions. Every implementation agrees with {@link reference} within
 * 1e-14 relative to max(1, |value|).
 */
export interface Kernel {
  /**
   * One depth of M (theory §2): `q(s,a) = r(s,a) + V(s⊕a)` for tokens, `q = r` for EOS; `V(s) = log Σ_a exp q(s,a)`.
   *
   * @param reward `[rows × actions]`
   * @param next soft values of the next depth, `[rows × tokens]`; `null` at the last depth, where every action ends
   * @param logits written, `[rows × actions]`; may be `reward` itself
   * @param values written, `[rows]`
   */
  softBellman(
    level: TreeLevel,
    reward: Float64Array,
    next: Float64Array | null,
    logits: Float64Array,
    values: Float64Array,
  ): void;
  /**
   * M on a whole tree.
   *
   * @param last the last depth, where every action ends: it has neither `next` nor `logits`, which are its rewards
   * @param others makes the depths before it, from the second-last to the first, the values that one writes being the `next` of the
   * one after it; called once, while other threads sweep the last depth, since making their memory takes time
   */
  softBellmanTree(last: DepthSweep, others: () => readonly DepthSweep[]): void;
  /** Soft values `V(s) = log Σ_a exp q(s,a)`, `[rows]`, of logits `[rows × actions]`. */
  softValues(level: TreeLevel, logits: Float64Array, values: Float64Array): void;
  /**
   * One depth of M on an automaton: `q = r + V(target)`, `q = r` where the arc ends; `V(s) = log Σ_a exp q(s,a)`.
   *
   * @param reward `[arcs]`
   * @param next soft values of the next depth; `null` where no arc goes on, or the values of logits are asked for
   * @param logits written, `[arcs]`; `null` where only values are asked for
   * @param values written, `[states]`
   */
  softBellmanArcs(
    rows: ArcRows,
    reward: Float64Array,
    next: Float64Array | null,
    logits: Float64Array | null,
    values: Float64Array,
  ): void;
}
