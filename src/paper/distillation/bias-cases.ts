import { armOf, type Model } from "../../bellman/index.ts";
import { bellmanRegression, forwardKl, type Objective, pathConsistency, reverseKl } from "../../learn/index.ts";
import type { Table } from "../../space/index.ts";

/** A way of sampling an objective. */
export interface BiasCase {
  readonly id: string;
  readonly objective: string;
  /** Who draws the responses. */
  readonly data: string;
  /** Responses in a batch. */
  readonly batch: number;
  /** Whether theory says that it is unbiased at the optimum. */
  readonly unbiased: boolean;
  readonly make: (target: Table) => Objective;
  readonly from: (objective: Objective) => "student" | Model;
}

const own = { data: "the student’s own responses", from: () => "student" as const };
const ofTarget = { data: "the target’s responses", from: ({ target }: Objective) => target };
/** From the student that knows nothing: every action equally often. */
const uniform = {
  data: "uniform responses",
  from: (objective: Objective) => armOf(objective.table(objective.initial())),
};
const unbiased = { batch: 16, unbiased: true };

/** All ways of sampling that the report compares. */
export const BIAS_CASES: readonly BiasCase[] = [
  { id: "forward", objective: "forward KL", ...ofTarget, ...unbiased, make: (target) => forwardKl(target) },
  {
    id: "forward-own",
    objective: "forward KL, exact weights with a baseline",
    ...own,
    ...unbiased,
    make: (target) => forwardKl(target, { weights: "exact", baseline: true }),
  },
  { id: "reverse", objective: "reverse KL", ...own, ...unbiased, make: reverseKl },
  {
    id: "bellman",
    objective: "soft Bellman regression",
    ...uniform,
    ...unbiased,
    make: (target) => bellmanRegression(target),
  },
  { id: "path", objective: "path consistency", ...uniform, ...unbiased, make: (target) => pathConsistency(target) },
  {
    id: "forward-exact",
    objective: "forward KL, exact weights",
    ...uniform,
    ...unbiased,
    make: (target) => forwardKl(target, { weights: "exact" }),
  },
  {
    id: "forward-self",
    objective: "forward KL, self-normalised weights",
    ...own,
    ...unbiased,
    make: (target) => forwardKl(target),
  },
  ...[4, 16, 64].map(
    (batch): BiasCase => ({
      id: `forward-self-uniform-${batch}`,
      objective: "forward KL, self-normalised weights",
      ...uniform,
      ...unbiased,
      batch,
      unbiased: false,
      make: (target) => forwardKl(target),
    }),
  ),
];
