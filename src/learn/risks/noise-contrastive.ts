import type { PhaseEstimator } from "./phase.ts";
import { propose, rowSums } from "./proposal.ts";

/**
 * Noise-contrastive estimation: the gradient of the logistic loss of telling `B` data from `S` proposed responses by
 * `σ(R − c − log q − log(S/B))`, divided by `B`: a datum weighs `−(1 − σ)/B`, a sample `σ/B`.
 *
 * The normaliser `c` is not a parameter that lags behind: it is the one that tells this draw's responses apart best, where
 * `Σ_data (1 − σ) = Σ_samples σ` (reverse logistic regression, Geyer 1994), and so a good estimate of `log Z`.
 */
export const noiseContrastivePhase = (): PhaseEstimator => ({
  run: async ({ scorer, proposal, weights, random, count, data, dataScores }) => {
    const samples = await propose(proposal, count, random);
    const offset = Math.log(count / data.count);
    const marginOf = (scores: Float64Array, logPolicy: Float64Array) => {
      const logProposal = rowSums(logPolicy, proposal.horizon);
      return scores.map((score, i) => score - (logProposal[i] as number) - offset);
    };
    const sampleMargins = marginOf(await scorer.scores(weights, samples), await proposal.logPolicy(samples));
    const dataMargins = marginOf(dataScores, await proposal.logPolicy(data));
    const logPartition = separator(dataMargins, sampleMargins);
    return {
      samples,
      sampleWeights: sampleMargins.map((margin) => sigmoid(margin - logPartition) / data.count),
      dataWeights: dataMargins.map((margin) => -sigmoid(logPartition - margin) / data.count),
      logPartition,
    };
  },
});

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Halvings of the interval that holds the root: all the bits of a float64. */
const HALVINGS = 64;

/** The `c` where `Σ_data σ(c − m) = Σ_samples σ(m − c)`: the left side grows with `c`, the right side falls. */
const separator = (data: Float64Array, samples: Float64Array): number => {
  let [low, high] = [Infinity, -Infinity];
  for (const margins of [data, samples]) {
    for (const margin of margins) {
      if (!Number.isFinite(margin)) continue;
      low = Math.min(low, margin);
      high = Math.max(high, margin);
    }
  }
  // far enough out that one side is certainly the larger
  const reach = Math.log(data.length + samples.length) + 1;
  [low, high] = [low - reach, high + reach];
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = (low + high) / 2;
    const missed = data.reduce((sum, margin) => sum + sigmoid(middle - margin), 0);
    const mistaken = samples.reduce((sum, margin) => sum + sigmoid(margin - middle), 0);
    if (missed < mistaken) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
};
