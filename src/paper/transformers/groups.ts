import type { Pair } from "./pair.ts";
import type { Goal } from "./plan.ts";

/** The pairs that differ only by their random start. */
export interface Group {
  readonly goal: Goal;
  readonly pairs: readonly Pair[];
}

/** Pairs by what they were trained on and how, in the order of the plan. */
export const groupsOf = (pairs: readonly Pair[]): Group[] => {
  const groups = new Map<string, Pair[]>();
  for (const pair of pairs) {
    const { space, target, size, steps, learningRate } = pair.goal;
    const key = [space.id, target.id, size.label, steps, learningRate].join(" ");
    groups.set(key, [...(groups.get(key) ?? []), pair]);
  }
  return Array.from(groups.values(), (members) => ({ goal: (members[0] as Pair).goal, pairs: members }));
};
