import { END } from "../space/index.ts";
import { policyRow } from "./policy-row.ts";
import type { Arm } from "./soft-bellman.ts";

/**
 * The likeliest way to each state, as tokens: forward in depth, `max_p Σ_t log π(y_t|s_t)`.
 *
 * @returns a function of depth and state; of a state that is not reached it gives no tokens
 */
export const bestPrefixes = (arm: Arm): ((depth: number, state: number) => string[]) => {
  const { space } = arm.logits;
  const row = policyRow(arm);
  const best = Array.from({ length: space.horizon }, (_, depth) =>
    new Float64Array(space.layer(depth).states).fill(-Infinity),
  );
  const from = best.map((level) => new Float64Array(level.length).fill(-1));
  const by = best.map((level) => new Float64Array(level.length).fill(-1));
  (best[0] as Float64Array)[space.start] = 0;
  for (let depth = 0; depth + 1 < space.horizon; depth++) {
    const layer = space.layer(depth);
    const [here, next] = [best[depth] as Float64Array, best[depth + 1] as Float64Array];
    for (let state = 0; state < layer.states; state++) {
      if (here[state] === -Infinity || !row.read(depth, state)) continue;
      const first = layer.firstArc(state);
      for (let arc = first; arc < layer.firstArc(state + 1); arc++) {
        const target = layer.target(arc, state);
        const logProbability = (here[state] as number) + (row.logPolicy[arc - first] as number);
        if (target === END || logProbability <= (next[target] as number)) continue;
        next[target] = logProbability;
        (from[depth + 1] as Float64Array)[target] = state;
        (by[depth + 1] as Float64Array)[target] = layer.action(arc, state);
      }
    }
  }
  return (depth, state) => {
    const tokens: string[] = [];
    let at = state;
    for (let t = depth; t > 0 && (from[t] as Float64Array)[at] !== -1; t--) {
      tokens.push(space.tokens[(by[t] as Float64Array)[at] as number] as string);
      at = (from[t] as Float64Array)[at] as number;
    }
    return tokens.reverse();
  };
};
