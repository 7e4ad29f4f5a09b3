import { type Certificate, certify, certifyExactly, type Guarantees } from "../../bellman/index.ts";
import { seedOf } from "../reward-laws.ts";
import type { Stage } from "../stage.ts";
import { certifiedPair } from "./certified-pairs.ts";
import { inBreaths } from "./stage.ts";

/** The quantities that a certificate estimates. */
export const CERTIFIED = ["logPartition", "klStudentTarget", "klTargetStudent"] as const;

/** What they are called. */
export const CERTIFIED_NAMES: Readonly<Record<(typeof CERTIFIED)[number], string>> = {
  logPartition: "log Z",
  klStudentTarget: "KL(student‖target)",
  klTargetStudent: "KL(target‖student)",
};

/** Rounding of sums of the same terms in another order, in nats. */
const ROUNDING = 1e-12;

/** Whether an interval holds a number, up to rounding. */
export const holdsIn = ([lower, upper]: readonly [number, number], x: number): boolean =>
  x >= lower - ROUNDING && x <= upper + ROUNDING;

/** How many certificates are tried. */
export interface CoveragePlan {
  readonly pairs: number;
  /** Samples for each certificate. */
  readonly samples: number;
}

/** One certificate beside the truth. */
export interface CertificateTrial {
  /** Standard deviation of what the student's logits are off by, in nats. */
  readonly scale: number;
  readonly certificate: Certificate;
  readonly exact: ReturnType<typeof certifyExactly>;
  /** Quantities whose estimated interval misses the truth. */
  readonly misses: readonly (typeof CERTIFIED)[number][];
  /** Quantities whose guaranteed interval misses it: never, but for a chance of 5 % for all three. */
  readonly broken: readonly (typeof CERTIFIED)[number][];
  /** Whether a warning of the effective sample size is on. */
  readonly warned: boolean;
}

/** Certifies random students against random targets; trials are put into `into`. */
export const coverageStages = (plan: CoveragePlan, seed: number, into: CertificateTrial[]): Stage[] => [
  {
    label: "coverage of certificates",
    weight: 1 + (plan.pairs * (10 + plan.samples / 250)) / 100,
    run: async function* (signal) {
      yield* inBreaths(plan.pairs, trialsOf(plan, seed, into), signal);
    },
  },
];

function* trialsOf({ pairs, samples }: CoveragePlan, seed: number, into: CertificateTrial[]): Generator<number> {
  for (let pair = 0; pair < pairs; pair++) {
    into.push(certificateTrial(seedOf(seed, `certificates ${pair}`), samples));
    yield pair + 1;
  }
}

/** Certifies the random pair of a seed. */
export const certificateTrial = (seed: number, samples: number): CertificateTrial => {
  const { student, target, scale } = certifiedPair(seed);
  const certificate = certify(student, target, { samples, seed });
  const exact = certifyExactly(student, target);
  const { confident } = certificate.guarantees as Guarantees;
  return {
    scale,
    certificate,
    exact,
    misses: CERTIFIED.filter((key) => !holdsIn(certificate[key].interval, exact[key])),
    broken: CERTIFIED.filter((key) => !holdsIn(confident[key], exact[key])),
    warned: certificate.warnings.some((warning) => warning.includes("effective sample size")),
  };
};
