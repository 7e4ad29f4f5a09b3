import { END, type Space } from "./space.ts";

/**
 * Number of responses of a space, exactly.
 *
 * `Σ_{n<T} V^n` on a tree with EOS, `V^T` without; on an automaton the number of its paths, which a deterministic
 * automaton has as many of as responses.
 */
export const countResponses = (space: Space): bigint => {
  if (space.kind !== "tree") return countPaths(space, () => true);
  const [base, horizon] = [BigInt(space.tokens.length), space.horizon];
  if (!space.eos) return base ** BigInt(horizon);
  return base === 1n ? BigInt(horizon) : (base ** BigInt(horizon) - 1n) / (base - 1n);
};

/** Number of paths from the start to the end over the arcs that are kept, exactly. */
export const countPaths = (space: Space, keep: (depth: number, arc: number) => boolean): bigint => {
  // float64 counts are exact up to 2^53, and a thousand times faster than bigint
  const rough = countBackward<number>(
    space,
    keep,
    (states) => new Float64Array(states),
    1,
    (a, b) => a + b,
  );
  if (rough <= Number.MAX_SAFE_INTEGER) return BigInt(rough);
  const zeros = (states: number) => new Array<bigint>(states).fill(0n);
  return countBackward<bigint>(space, keep, zeros, 1n, (a, b) => a + b);
};

const countBackward = <N>(
  space: Space,
  keep: (depth: number, arc: number) => boolean,
  zeros: (states: number) => { [state: number]: N },
  one: N,
  add: (a: N, b: N) => N,
): N => {
  let next = zeros(0);
  for (let depth = space.horizon - 1; depth >= 0; depth--) {
    const layer = space.layer(depth);
    const counts = zeros(layer.states);
    for (let state = 0; state < layer.states; state++) {
      const end = layer.firstArc(state + 1);
      let count = counts[state] as N;
      for (let arc = layer.firstArc(state); arc < end; arc++) {
        if (!keep(depth, arc)) continue;
        const target = layer.target(arc, state);
        count = add(count, target === END ? one : (next[target] as N));
      }
      counts[state] = count;
    }
    next = counts;
  }
  return next[space.start] as N;
};
