import { END, type Table } from "../space/index.ts";
import { expectKind } from "./expect-kind.ts";

/**
 * Hard values `H(s) = max_a r(s,a) + H(s⊕a)`, one array `[states]` per depth: the limit `β → 0` of `β·V_{r/β}`
 * (theory §3); `H(start)` is the score of the mode. −∞ where nothing can finish.
 *
 * @throws TypeError where the table holds logits
 */
export const hardValues = (reward: Table): Float64Array[] => {
  expectKind(reward, "reward");
  const { space, levels } = reward;
  const values: Float64Array[] = new Array(space.horizon);
  for (let depth = space.horizon - 1; depth >= 0; depth--) {
    const layer = space.layer(depth);
    const level = levels[depth] as Float64Array;
    const out = new Float64Array(layer.states).fill(-Infinity);
    for (let state = 0; state < layer.states; state++) {
      const end = layer.firstArc(state + 1);
      for (let arc = layer.firstArc(state); arc < end; arc++) {
        const target = layer.target(arc, state);
        const ahead = target === END ? 0 : ((values[depth + 1] as Float64Array)[target] as number);
        out[state] = Math.max(out[state] as number, (level[arc] as number) + ahead);
      }
    }
    values[depth] = out;
  }
  return values;
};
