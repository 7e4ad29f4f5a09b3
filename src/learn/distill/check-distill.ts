import type { DistillOptions } from "./distill-options.ts";
import { OBJECTIVE_NAMES } from "./objective-name.ts";
import { NO_REWARDS } from "./sampled-objective.ts";

/**
 * Refuses options before any work.
 *
 * @throws RangeError, one sentence naming the option
 */
export const checkDistill = (options: DistillOptions): void => {
  const { objective, steps, samplesPerStep, learningRate, logPartitionRate, klEvery, behaviour, target, resume } =
    options;
  if (!OBJECTIVE_NAMES.includes(objective)) {
    throw new RangeError(
      `"objective" must be one of ${OBJECTIVE_NAMES.join(", ")}, got ${JSON.stringify(objective) ?? String(objective)}`,
    );
  }
  checkCount("steps", steps);
  if (klEvery !== undefined) checkCount("klEvery", klEvery);
  if (samplesPerStep !== undefined) checkCount("samplesPerStep", samplesPerStep, objective === "reverse-kl" ? 2 : 1);
  for (const [name, rate] of Object.entries({ learningRate, logPartitionRate })) {
    if (rate !== undefined && !(rate > 0 && rate < Infinity)) {
      throw new RangeError(`"${name}" must be a finite number > 0, got ${String(rate)}`);
    }
  }
  if ("kind" in target && target.kind === "function" && objective === "bellman") throw new RangeError(NO_REWARDS);
  if (samplesPerStep === undefined && behaviour !== undefined) checkExactBehaviour(options);
  if (resume && (!Number.isSafeInteger(resume.step) || resume.step < 0 || resume.step > steps)) {
    throw new RangeError(`"resume" is at step ${resume.step}, but the run has ${steps} steps: it is of another run`);
  }
};

const checkExactBehaviour = ({ objective, behaviour }: DistillOptions): void => {
  if (objective === "forward-kl" || objective === "reverse-kl") {
    throw new RangeError(
      `"behaviour" has no part in the exact value of "${objective}": leave it out, or give "samplesPerStep"`,
    );
  }
  if (typeof behaviour === "object" && "extend" in behaviour) {
    throw new RangeError(
      '"behaviour" must be "uniform", "student" or a model where expectations are exact, got a proposal: give "samplesPerStep"',
    );
  }
};

const checkCount = (name: string, value: number, least = 1): void => {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(`"${name}" must be a whole number ≥ ${least}, got ${String(value)}`);
  }
};
