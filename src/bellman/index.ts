export type { KernelOptions } from "../kernels/index.ts";
export { armOf, rewardOf } from "./arm.ts";
export { bestResponses, highestRewards, mode, type RankedResponse, type ScoredResponse } from "./best.ts";
export type { Certificate } from "./certificate.ts";
export { certify, certifyExactly } from "./certify.ts";
export type { Guarantees } from "./certify-guarantees.ts";
export { certifyLogMean, certifyResiduals } from "./certify-residuals.ts";
export { type Comparison, compare } from "./compare.ts";
export { condition, mask } from "./condition.ts";
export { covariance, type Moments } from "./covariance.ts";
export { kl } from "./divergence.ts";
export { EmptyModelError } from "./empty-model.ts";
export type { Estimate } from "./estimate.ts";
export { entropy, expectation, expectedLength } from "./expectation.ts";
export { hardValues } from "./hard-values.ts";
export { arcMarginals, visits } from "./marginals.ts";
export { logProbability, policy, score } from "./policy.ts";
export { generator, gumbel, type RandomGenerator, uniform } from "./random.ts";
export {
  type PositionResidual,
  type ResidualBreakdown,
  residualBreakdown,
  type StateResidual,
} from "./residual-breakdown.ts";
export { residualRange } from "./residual-range.ts";
export { residuals } from "./residuals.ts";
export { rewardAlong } from "./reward-along.ts";
export { type Samples, sample } from "./sample.ts";
export { type DistinctResponse, sampleWithoutReplacement } from "./sample-without-replacement.ts";
export {
  type CertifiedSamples,
  type SampledBreakdown,
  type SampledContext,
  type SampledPosition,
  sampledBreakdown,
} from "./sampled-breakdown.ts";
export { sharpBound } from "./sharp-bound.ts";
export { type Arm, type Model, type SweepOptions, softValues, toLogits, toReward } from "./soft-bellman.ts";
export { countSupport } from "./support.ts";
export { tilt } from "./tilt.ts";
