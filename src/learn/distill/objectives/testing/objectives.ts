import { armOf, generator } from "../../../../bellman/index.ts";
import { enumerate, isEmpty } from "../../../../bellman/testing/enumeration.ts";
import { rewards } from "../../../../bellman/testing/problems.ts";
import type { Table } from "../../../../space/index.ts";
import { normal } from "../../../draws.ts";
import { bellmanRegression } from "../bellman-regression.ts";
import { forwardKl } from "../forward-kl.ts";
import type { Objective } from "../objective.ts";
import { pathConsistency } from "../path-consistency.ts";
import { reverseKl } from "../reverse-kl.ts";

/** Every objective, in every variant whose exact gradient differs. */
export const OBJECTIVES: Readonly<Record<string, (target: Table) => Objective>> = {
  "forward KL": (target) => forwardKl(target),
  "reverse KL": reverseKl,
  "soft Bellman regression, uniform behaviour": (target) => bellmanRegression(target),
  "soft Bellman regression, on-policy": (target) => bellmanRegression(target, { behaviour: "student" }),
  "soft Bellman regression, followed": (target) => bellmanRegression(target, { bootstrap: "followed" }),
  "soft Bellman regression, actions taken": (target) =>
    bellmanRegression(target, { behaviour: "student", actions: "taken" }),
  "path consistency, uniform behaviour": (target) => pathConsistency(target),
  "path consistency, on-policy": (target) => pathConsistency(target, { behaviour: "student" }),
  "path consistency, the target's responses": (target) => pathConsistency(target, { behaviour: target }),
};

/** Random targets on trees and automata, −∞ included, of moderate numbers, so that differences keep their digits. */
export const targets = rewards.filter((target) => {
  const listed = enumerate(target);
  const finite = [...listed.scores].filter((score) => score > -Infinity);
  return !isEmpty(listed) && finite.every((score) => Math.abs(score) < 30);
});

/** A student of normal numbers; −∞ stays where no response of the target goes. */
export const randomStudent = (objective: Objective, seed: number): Float64Array => {
  const random = generator(seed);
  return objective.initial().map((x) => (x === -Infinity ? x : x + normal(random)));
};

/** The target's own parameters, `M(R)`, with its log-partition where that is learned. */
export const optimum = (objective: Objective): Float64Array => {
  const { logits, logPartition } = armOf(objective.target);
  const numbers = logits.levels.flatMap((level) => [...level]);
  if (objective.size > numbers.length) numbers.push(logPartition);
  return Float64Array.from(numbers);
};
