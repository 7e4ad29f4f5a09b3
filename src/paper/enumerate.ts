import { END, type Space, type Table } from "../space/index.ts";

/** A space's responses, scored one by one: the report's oracle, which knows nothing of soft values. */
export interface Scored {
  /** Sum of the numbers along each response, in the order of the space's arcs, `[responses]`, in nats. */
  readonly sums: Float64Array;
  /** `log Σ exp` of the sums over the completions of each state, less the sum before it; one array `[states]` per depth. */
  readonly completions: readonly Float64Array[];
}

/** Adds up a tree's numbers along every response, by walking them all. */
export const scoreResponses = ({ space, levels }: Table): Scored => {
  const sums: number[] = [];
  const completions = levels.map((_, depth) => new Float64Array(space.layer(depth).states));
  const layers = levels.map((_, depth) => space.layer(depth));
  const walk = (depth: number, state: number, before: number): void => {
    const layer = layers[depth] as (typeof layers)[number];
    const level = levels[depth] as Float64Array;
    const first = sums.length;
    const end = layer.firstArc(state + 1);
    for (let arc = layer.firstArc(state); arc < end; arc++) {
      if (layer.arcOf(state, layer.action(arc, state)) < 0) continue;
      const sum = before + (level[arc] as number);
      const target = layer.target(arc, state);
      if (target === END) sums.push(sum);
      else walk(depth + 1, target, sum);
    }
    (completions[depth] as Float64Array)[state] = logSumExp(sums, first, before);
  };
  walk(0, space.start, 0);
  return { sums: Float64Array.from(sums), completions };
};

/** `log Σ_{i ≥ first} exp(x_i − shift)`; −∞ where all are −∞. */
const logSumExp = (x: readonly number[], first: number, shift: number): number => {
  let max = -Infinity;
  for (let i = first; i < x.length; i++) max = Math.max(max, x[i] as number);
  if (!Number.isFinite(max)) return max;
  let sum = 0;
  for (let i = first; i < x.length; i++) sum += Math.exp((x[i] as number) - max);
  return max - shift + Math.log(sum);
};

/** `log Z` of a scored reward, in nats. */
export const logPartitionOf = (space: Space, scored: Scored): number =>
  (scored.completions[0] as Float64Array)[space.start] as number;
