import type { SteeringRow } from "./compare-methods.ts";
import type { SteeringCase } from "./steering-case.ts";

/** How many times fewer model calls one method needs than another. */
export interface SavedCalls {
  readonly times: number;
  /** `"at least"` where even the smallest budget was near enough, `"at most"` where not even the largest was. */
  readonly bound: "about" | "at least" | "at most";
  /** The total variation that both reach. */
  readonly totalVariation: number;
}

/**
 * Model calls to the total variation that the slower method has at its largest budget: its calls there over those of the other one, whose curve is
 * taken as straight between budgets, both axes logarithmic.
 */
export const savedCalls = ({ rows }: SteeringCase, slower: string, faster: string): SavedCalls => {
  const of = (method: string) => rows.filter((row) => row.method === method);
  const { calls, totalVariation } = of(slower).at(-1) as SteeringRow;
  const curve = of(faster);
  const reached = curve.findIndex((row) => row.totalVariation <= totalVariation);
  if (reached === 0) return { times: calls / (curve[0] as SteeringRow).calls, bound: "at least", totalVariation };
  if (reached < 0) return { times: calls / (curve.at(-1) as SteeringRow).calls, bound: "at most", totalVariation };
  const [before, after] = [curve[reached - 1] as SteeringRow, curve[reached] as SteeringRow];
  const share =
    Math.log(before.totalVariation / totalVariation) / Math.log(before.totalVariation / after.totalVariation);
  const needed = before.calls * (after.calls / before.calls) ** share;
  return { times: calls / needed, bound: "about", totalVariation };
};
