import type { NumberTensors } from "../number-tensor.ts";
import type { Draw } from "../risks/risk.ts";
import type { DistillOptions } from "./distill-options.ts";
import { exactObjective } from "./exact-objective.ts";
import type { Behaviour } from "./objectives/behaviour.ts";
import { sumsAlong } from "./objectives/walk-batch.ts";
import { responsesFrom } from "./responses-from.ts";
import { type SampledObjective, sampledObjective } from "./sampled-objective.ts";
import type { ScoredTarget } from "./scored-target.ts";
import type { ResponseView, Student } from "./students/student.ts";

/** What a step learns from: the objective, exact or from responses. */
export interface Teacher extends Omit<SampledObjective, "estimate"> {
  gradient(draw: Draw): Promise<{ readonly value: number; readonly gradient: NumberTensors }>;
}

/** Largest learning rate of the learned log-partition by default. */
const LOG_PARTITION_RATE = 0.2;

/** The teacher of a run. @throws RangeError where expectations cannot be exact, or a behaviour is of another space */
export const teacherOf = (options: DistillOptions, target: ScoredTarget, student: Student): Teacher => {
  const { objective: name, steps, samplesPerStep, logPartitionRate = LOG_PARTITION_RATE } = options;
  if (samplesPerStep !== undefined) return sampledTeacher(options, target, student, samplesPerStep, logPartitionRate);
  if (!student.target) {
    throw new RangeError(
      `exact expectations need a target that is a table on a space that can be enumerated: give "samplesPerStep"`,
    );
  }
  const behaviour = options.behaviour as Behaviour | undefined;
  const objective = exactObjective(name, student.target.reward, {
    steps,
    logPartitionRate,
    ...(behaviour === undefined ? {} : { behaviour }),
  });
  return {
    ...objective,
    gradient: async () => {
      const view = await student.whole();
      const { value, cotangent } = objective.evaluate(view);
      return { value, gradient: await view.pull(cotangent) };
    },
    logPartition: () => (target.kind === "table" ? target.arm.logPartition : objective.logPartition()),
  };
};

const sampledTeacher = (
  options: DistillOptions,
  target: ScoredTarget,
  student: Student,
  count: number,
  logPartitionRate: number,
): Teacher => {
  const { objective: name, steps, behaviour = "student" } = options;
  const draw = responsesFrom(behaviour, target, student);
  const objective = sampledObjective(name, {
    steps,
    onPolicy: behaviour === "student",
    logPartitionRate,
    ...(target.kind === "table" ? { logPartition: target.arm.logPartition } : {}),
  });
  return {
    ...objective,
    gradient: async (which) => {
      const view = await draw(count, which);
      const { value, cotangent } = objective.estimate(view, await scoresOf(target, view));
      return { value, gradient: await view.pull(cotangent) };
    },
    logPartition: () => (target.kind === "table" ? target.arm.logPartition : objective.logPartition()),
  };
};

/** `R(y)` of the responses of a view. */
const scoresOf = (target: ScoredTarget, { rows, batch, rewards }: ResponseView): Promise<Float64Array> =>
  target.kind === "function" ? target.scores(rows) : Promise.resolve(sumsAlong(batch, rewards as Float64Array));
