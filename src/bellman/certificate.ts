import type { Guarantees } from "./certify-guarantees.ts";
import type { Estimate } from "./estimate.ts";

/** How far a student is from its target, from samples of the student alone; all in nats. */
export interface Certificate {
  /** `log Z` of the target. An estimate. */
  readonly logPartition: Estimate;
  /** `KL(p_student‖p_target)`. An estimate. */
  readonly klStudentTarget: Estimate;
  /** `KL(p_target‖p_student)`. An estimate. */
  readonly klTargetStudent: Estimate;
  /** `E_student Δ + V ≤ log Z ≤ E_target Δ + V`, both estimated: evidence lower and upper bound. */
  readonly bracket: { readonly lower: number; readonly upper: number };
  /** `(Σ e^Δ)² / Σ e^{2Δ}`, out of `samples`. */
  readonly effectiveSampleSize: number;
  /**
   * Pareto shape `k̂` of the largest weights `e^Δ`: above 0.7 the estimates cannot be trusted at any number of samples that can be drawn.
   * −∞ where the largest are all equal, `+∞` where fewer than 25 samples do not tell.
   */
  readonly paretoShape: number;
  /** What holds without any estimate; present where the range of the residual is known. */
  readonly guarantees?: Guarantees;
  readonly samples: number;
  readonly seed: number;
  /** What stands in the way of trusting the estimates; empty where nothing was seen. */
  readonly warnings: readonly string[];
}
