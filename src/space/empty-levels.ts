import { emptyLevel } from "./empty-level.ts";
import type { Space } from "./space.ts";
import { checkFits } from "./table.ts";

/**
 * Zeros, one array per depth, to be filled and given to {@link tableOf}.
 *
 * In Node, large depths of trees (2¹⁷ arcs or more) lie in shared memory, which all threads of `toLogits` read; the calling
 * thread copies ordinary arrays for the others, which costs part of what they gain. All tables that this library
 * makes and reads lie there too. A few functions elsewhere refuse such arrays (`TextDecoder`, lists of transfers): give them
 * `level.slice()`.
 *
 * @throws RangeError where the table would not fit
 * @example
 * ```ts
 * import { emptyLevels, tableOf, toLogits, tree } from "arbel";
 * const space = tree({ tokens: 8, horizon: 6, eos: false });
 * const levels = emptyLevels(space);
 * for (const level of levels) for (let arc = 0; arc < level.length; arc++) level[arc] = Math.sin(arc);
 * console.log(toLogits(tableOf(space, "reward", levels)).logPartition);
 * ```
 */
export const emptyLevels = (space: Space): Float64Array[] => {
  checkFits(space);
  return Array.from({ length: space.horizon }, (_, depth) => emptyLevel(space, depth));
};
