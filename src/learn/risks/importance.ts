import type { PhaseEstimator } from "./phase.ts";
import { propose, rowSums } from "./proposal.ts";

/**
 * Self-normalised importance sampling: `∇log Z ≈ Σ_i w̄_i·∇R(y_i)`, `w̄ = softmax(R − log q)`, and `log Z ≈ log mean e^R/q`, which is
 * unbiased before the logarithm. Source: theory §6.4, §8.
 */
export const importancePhase = (): PhaseEstimator => ({
  run: async ({ scorer, proposal, weights, random, count, data }) => {
    const samples = await propose(proposal, count, random);
    const logProposal = rowSums(await proposal.logPolicy(samples), proposal.horizon);
    const scores = await scorer.scores(weights, samples);
    const logWeights = scores.map((score, i) => score - (logProposal[i] as number));
    const value = logSumExp(logWeights);
    return {
      samples,
      sampleWeights: logWeights.map((logWeight) => Math.exp(logWeight - value)),
      dataWeights: new Float64Array(data.count).fill(-1 / data.count),
      logPartition: value - Math.log(count),
    };
  },
});

/** `log Σ e^x`. */
export const logSumExp = (x: Float64Array): number => {
  let max = -Infinity;
  for (const v of x) max = Math.max(max, v);
  if (!Number.isFinite(max)) return max;
  let sum = 0;
  for (const v of x) sum += Math.exp(v - max);
  return max + Math.log(sum);
};
