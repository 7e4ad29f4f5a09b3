import type { Table } from "../../space/index.ts";
import { learnedLogPartition } from "./learned-log-partition.ts";
import type { ObjectiveName } from "./objective-name.ts";
import type { Behaviour } from "./objectives/behaviour.ts";
import { bellmanRegression } from "./objectives/bellman-regression.ts";
import { forwardKl } from "./objectives/forward-kl.ts";
import type { Objective } from "./objectives/objective.ts";
import { pathConsistency } from "./objectives/path-consistency.ts";
import { reverseKl } from "./objectives/reverse-kl.ts";
import type { SampledEstimate, SampledObjective } from "./sampled-objective.ts";
import type { StudentView } from "./students/student.ts";

/** An objective by exact expectations on a student's whole space, of any student. */
export interface ExactObjective extends Omit<SampledObjective, "estimate"> {
  evaluate(view: StudentView): SampledEstimate;
}

/** What decides an exact objective, beside its name. */
export interface ExactOptions {
  readonly steps: number;
  /** Whose responses squared residuals are averaged over (default `"uniform"`). */
  readonly behaviour?: Behaviour;
  readonly logPartitionRate: number;
}

/** The objective of a name, with exact expectations (theory §9). */
export const exactObjective = (name: ObjectiveName, target: Table, options: ExactOptions): ExactObjective => {
  const objective = objectiveOf(name, target, options.behaviour);
  const learned = learnedLogPartition(options.steps, options.logPartitionRate);
  const learns = name === "path-consistency";
  return {
    evaluate: ({ logits, graph }) => {
      if (!learns) return { value: objective.value(logits), cotangent: objective.gradient(logits) };
      const parameters = new Float64Array(graph.arcs + 1);
      parameters.set(logits);
      // the mean residual at log Z = 0 is half the derivative there: what is subtracted makes it 0
      parameters[graph.arcs] = learned.value(-(objective.gradient(parameters)[graph.arcs] as number) / 2);
      const gradient = objective.gradient(parameters);
      const value = objective.value(parameters);
      learned.descend(gradient[graph.arcs] as number);
      return { value, cotangent: gradient.subarray(0, graph.arcs) };
    },
    state: () => (learns ? learned.state() : {}),
    restore: (saved) => {
      if (learns) learned.restore(saved);
    },
    logPartition: () => (learns ? learned.value() : undefined),
  };
};

const objectiveOf = (name: ObjectiveName, target: Table, behaviour: Behaviour = "uniform"): Objective => {
  if (name === "forward-kl") return forwardKl(target);
  if (name === "reverse-kl") return reverseKl(target);
  return name === "bellman" ? bellmanRegression(target, { behaviour }) : pathConsistency(target, { behaviour });
};
