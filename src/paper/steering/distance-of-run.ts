import type { SteerResult } from "../../steer/index.ts";

/** How far the responses of a run, by their weights, are from the exact conditional. */
export interface RunDistance {
  /** `½ Σ_y |p̂(y) − p*(y)|`, over all responses, those that the run did not find included. */
  readonly totalVariation: number;
  /** `KL(p̂‖p*)`, in nats: finite, whereas the other way it is infinite as long as a response is not found. */
  readonly kl: number;
}

/**
 * The distance of a run from the exact conditional, exactly: what was found has `p*(y) = π(y)/Z`, and what was not found, all the rest.
 *
 * @param logPartition exact `log Z` of a hard constraint, in nats
 */
export const distanceOfRun = ({ samples }: SteerResult, logPartition: number): RunDistance => {
  const shares = new Map<string, { share: number; exact: number }>();
  for (const { tokens, logWeight, modelLogProbability } of samples) {
    const key = tokens.join();
    const known = shares.get(key) ?? { share: 0, exact: Math.exp(modelLogProbability - logPartition) };
    known.share += Math.exp(logWeight);
    shares.set(key, known);
  }
  let [difference, found, kl] = [0, 0, 0];
  for (const { share, exact } of shares.values()) {
    difference += Math.abs(share - exact);
    found += exact;
    if (share > 0) kl += share * Math.log(share / exact);
  }
  return { totalVariation: (difference + Math.max(0, 1 - found)) / 2, kl: Math.max(0, kl) };
};
