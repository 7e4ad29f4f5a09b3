import { countPaths } from "../space/index.ts";
import { armOf } from "./arm.ts";
import type { Model } from "./soft-bellman.ts";

/**
 * Number of responses of positive probability, exactly.
 *
 * @throws EmptyModelError where there is none
 */
export const countSupport = (model: Model): bigint => {
  const { logits } = armOf(model);
  return countPaths(logits.space, (depth, arc) => (logits.levels[depth] as Float64Array)[arc] !== -Infinity);
};
