/** One depth of a tree, as the kernels see it: rows are states, `[rows × actions]`, row-major, in nats. */
export interface TreeLevel {
  /** Number of rows. */
  readonly rows: number;
  /** Number of tokens `V`. */
  readonly tokens: number;
  /** Number of actions: `V`, or `V + 1` with EOS as the last column. */
  readonly actions: number;
}

/**
 * The hot loops of the Bellman recursions on trees. Every implementation agrees with {@link reference} within
 * 1e-14 relative to max(1, |value|).
 */
export interface Kernel {
  /** A new array that this kernel may write from all its threads. */
  allocate(length: number): Float64Array;
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
  /** Soft values `V(s) = log Σ_a exp q(s,a)`, `[rows]`, of logits `[rows × actions]`. */
  softValues(level: TreeLevel, logits: Float64Array, values: Float64Array): void;
}
