import { type Certificate, type Comparison, certify, certifyExactly, compare, toLogits } from "../../bellman/index.ts";
import { tabularStudent } from "../../learn/index.ts";
import { seedOf } from "../reward-laws.ts";
import type { Stage } from "../stage.ts";
import { type ConvergencePlan, zipfOf } from "./convergence.ts";
import { inBreaths } from "./stage.ts";
import { type FollowOptions, followStudent, momentsOf } from "./student-run.ts";

/** A student at one moment, with every bound and with its certificate. */
export interface CertifiedMoment {
  readonly step: number;
  readonly samples: number;
  /** The target against the student. */
  readonly comparison: Comparison;
  /** From samples of the student alone. */
  readonly certificate: Certificate;
  readonly exact: ReturnType<typeof certifyExactly>;
}

/** How much is certified along a run. */
export interface AlongRunPlan extends Pick<ConvergencePlan, "space" | "batch"> {
  readonly steps: number;
  /** About so many moments are certified. */
  readonly moments: number;
  /** Samples for each certificate. */
  readonly samples: number;
}

/** Largest learning rate. */
const RATE = 0.03;

/** One run by reverse KL on the student's own responses, certified at every moment that is looked at. */
export const alongRunStages = (plan: AlongRunPlan, seed: number, into: CertifiedMoment[]): Stage[] => [
  {
    label: "certificates along a run",
    weight: 1 + (plan.steps + plan.moments * (30 + plan.samples / 100)) / 100,
    run: async function* (signal) {
      yield* inBreaths(plan.steps, certifiedRun(plan, seed, into), signal);
    },
  },
];

async function* certifiedRun(
  plan: AlongRunPlan,
  seed: number,
  into: CertifiedMoment[],
): AsyncGenerator<number, void, void> {
  const reward = zipfOf(plan, seed);
  const target = toLogits(reward);
  const certifySeed = seedOf(seed, "certificates along a run");
  const options: FollowOptions = {
    target,
    student: tabularStudent(),
    objective: "reverse-kl",
    steps: plan.steps,
    learningRate: RATE,
    moments: momentsOf(plan.steps, plan.moments),
    samplesPerStep: plan.batch,
    seed: seedOf(seed, "along a run"),
    keep: ({ step, samples }, student) => {
      into.push({
        step,
        samples,
        comparison: compare(target, student),
        certificate: certify(student, reward, { samples: plan.samples, seed: (certifySeed + step) >>> 0 }),
        exact: certifyExactly(student, reward),
      });
    },
  };
  yield* followStudent(options, []);
}
