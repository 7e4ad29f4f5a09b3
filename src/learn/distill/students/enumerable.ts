import { countArcs } from "../../../space/index.ts";
import type { ScoredTarget } from "../scored-target.ts";

/** Most arcs of a table that a function's target, which has none itself, is distilled into. */
const ARCS_LIMIT = 2 ** 24;

/** @throws RangeError where a table of the target's space would be too large */
export const checkSize = ({ kind, space }: ScoredTarget, who: string): void => {
  // a target that is a table has been written down already
  if (kind === "table") return;
  const arcs = countArcs(space);
  if (arcs > BigInt(ARCS_LIMIT)) {
    throw new RangeError(
      `${who} would have ${arcs} logits, at most ${ARCS_LIMIT} are allowed: lower the horizon, or use a Transformer`,
    );
  }
};
