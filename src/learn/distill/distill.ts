import { kl, type Model } from "../../bellman/index.ts";
import { saver } from "../training/saver.ts";
import { stepClock } from "../training/step-clock.ts";
import { checkDistill } from "./check-distill.ts";
import type { Distilled, DistillOptions, DistillProgress, Divergences } from "./distill-options.ts";
import { type ScoredTarget, tableTarget } from "./scored-target.ts";
import type { Student } from "./students/student.ts";
import { teacherOf } from "./teacher.ts";

/**
 * Distils a target into a student by any objective: yields after every step, and returns the student.
 *
 * All four objectives have the target as their only optimum in function space (theory §5, §9), and all vanish there
 * response by response (forward divergence by its baseline, where the student draws), so that sampled runs of students that can be the
 * target end there. Sampled forward divergence divides weights by the exact `Z` or, where that is not known, by the mean of the
 * batches before: both leave it unbiased. A run that is killed and resumed from a saved state ends with the same numbers as an
 * undisturbed one.
 *
 * @throws RangeError where an option is out of its range, or student, target and behaviour are on different spaces or tokens;
 * Error where a function of the target fails, or the objective is no longer finite; the signal's reason
 * @example
 * ```ts
 * import { distill, ngramStudent, patternOccurs, tiltedTarget } from "arbel/learn";
 * import { layered, ngramContexts, regex, table, tableOfArcs } from "arbel";
 * const tokens = ["a", "n", "b"];
 * const space = layered(ngramContexts({ tokens, order: 2 }).automaton, { horizon: 6, eos: true });
 * const reference = tableOfArcs(space, "logits", () => 0);
 * const reward = patternOccurs(regex(".*ann.*", tokens));
 * const { arm } = tiltedTarget({ reference, reward, temperature: 0.5 });
 * const run = distill({
 *   target: arm, student: ngramStudent({ order: 3 }), objective: "reverse-kl", steps: 50, samplesPerStep: 64, seed: 7,
 * });
 * for await (const { step, kl } of run) if (kl) console.log(step, kl.reverse);
 * ```
 */
export async function* distill(options: DistillOptions): AsyncGenerator<DistillProgress, Distilled, void> {
  checkDistill(options);
  const { steps, seed, signal, samplesPerStep } = options;
  const target = scored(options.target);
  const student = await options.student.make(target, {
    steps,
    seed,
    // residuals of single actions do not scatter, whichever responses they are from
    noisy: samplesPerStep !== undefined && options.objective !== "bellman",
    ...(options.learningRate === undefined ? {} : { learningRate: options.learningRate }),
  });
  let kept = false;
  try {
    const teacher = teacherOf(options, target, student);
    if (options.resume) {
      student.restore(options.resume.tensors);
      teacher.restore(options.resume.tensors);
    }
    const keep = saver(options.checkpoint, async (step) => ({
      step,
      tensors: { ...(await student.state()), ...teacher.state() },
    }));
    const exactKl = divergencesOf(student);
    const klEvery = options.klEvery ?? Math.ceil(steps / 50);
    const clock = stepClock();
    let step = options.resume?.step ?? 0;
    while (step < steps) {
      if (signal?.aborted) {
        await keep.now(step);
        throw signal.reason;
      }
      clock.begin();
      const { value, gradient } = await teacher.gradient({ seed, step });
      const { learningRate, gradientNorm } = await student.descend(gradient);
      step++;
      checkFinite(step, value, gradientNorm);
      const stepMilliseconds = clock.step();
      const known = step % klEvery === 0 || step === steps ? await exactKl?.() : undefined;
      yield {
        step,
        steps,
        samples: step * (samplesPerStep ?? 0),
        value,
        ...(known ? { kl: known } : {}),
        learningRate,
        gradientNorm,
        stepMilliseconds,
        ...(samplesPerStep === undefined ? {} : { samplesPerSecond: (1000 * samplesPerStep) / stepMilliseconds }),
        secondsLeft: ((steps - step) * clock.mean()) / 1000,
      };
      // after the yield: what the caller notes of a step is noted before the state that has made it
      await keep.sometimes(step);
    }
    await keep.now(step);
    const last = await exactKl?.();
    const logPartition = teacher.logPartition();
    kept = true;
    return { student, ...(last ? { kl: last } : {}), ...(logPartition === undefined ? {} : { logPartition }) };
  } finally {
    if (!kept) await student.dispose();
  }
}

const scored = (target: Model | ScoredTarget): ScoredTarget =>
  "kind" in target && (target.kind === "table" || target.kind === "function") ? target : tableTarget(target as Model);

/** Exact divergences of the student as it is now, or undefined where its space has no table. */
const divergencesOf = ({ target, table }: Student): (() => Promise<Divergences>) | undefined => {
  if (!target) return undefined;
  const { arm } = target;
  return async () => {
    const now = await table();
    return { forward: kl(arm, now), reverse: kl(now, arm) };
  };
};

const checkFinite = (step: number, value: number, gradientNorm: number): void => {
  if (Number.isFinite(gradientNorm) && !Number.isNaN(value)) return;
  throw new Error(
    `the objective is ${value} and the gradient's norm ${gradientNorm} at step ${step}: lower the learning rate, or raise a small temperature, and begin again`,
  );
};
