import { END } from "../space/index.ts";
import type { Arm } from "./soft-bellman.ts";

/** 1 where a state is passed with positive probability, one array `[states]` per depth. No probability underflows here. */
export const reachable = (arm: Arm): Uint8Array[] => {
  const { space } = arm.logits;
  const reached = Array.from({ length: space.horizon }, (_, depth) => new Uint8Array(space.layer(depth).states));
  (reached[0] as Uint8Array)[space.start] = 1;
  for (let depth = 0; depth + 1 < space.horizon; depth++) {
    const layer = space.layer(depth);
    const level = arm.logits.levels[depth] as Float64Array;
    const [here, next] = [reached[depth] as Uint8Array, reached[depth + 1] as Uint8Array];
    for (let state = 0; state < layer.states; state++) {
      if (here[state] !== 1) continue;
      const end = layer.firstArc(state + 1);
      for (let arc = layer.firstArc(state); arc < end; arc++) {
        const target = layer.target(arc, state);
        if (target !== END && (level[arc] as number) > -Infinity) next[target] = 1;
      }
    }
  }
  return reached;
};
