import { uniform } from "../../bellman/index.ts";
import { type Tensors, tensor } from "../engine/tensor.ts";
import { logSumExp } from "./importance.ts";
import type { PhaseEstimator } from "./phase.ts";
import { propose, rowSums } from "./proposal.ts";
import type { Rows } from "./rows.ts";

/** Moves of every chain in a step. */
const MOVES = 4;

/**
 * Persistent Metropolis–Hastings chains: `∇log Z ≈ mean ∇R` over the chains as they are after this step's moves.
 *
 * A move redraws a response from its action `k` on by the proposal, and is accepted with probability
 * `min(1, e^{R(y′) − R(y)}·q(y_k…|y_<k)/q(y′_k…|y_<k))`; a response that ended before `k` stays. `k` goes round from chain to chain
 * and from move to move, so that some move of each chain is a new response altogether. Those redrawn from 0 are responses
 * of `q`, from which `log Z` is estimated as by importance sampling.
 */
export const metropolisPhase = (): PhaseEstimator => {
  let chains: Rows | undefined;
  let moved = 0;
  return {
    run: async ({ scorer, proposal, weights, random, count, data }) => {
      const { horizon } = proposal;
      if (chains?.count !== count) chains = await propose(proposal, count, random);
      let current = chains;
      let scores = await scorer.scores(weights, current);
      let logPolicy = await proposal.logPolicy(current);
      const logWeights: number[] = [];
      for (let move = 0; move < MOVES; move++, moved++) {
        const from = Int32Array.from({ length: count }, (_, chain) => (chain + moved) % horizon);
        const proposed = await proposal.extend(current, from, random);
        const proposedPolicy = await proposal.logPolicy(proposed);
        const proposedScores = await scorer.scores(weights, proposed);
        const [before, after] = [rowSums(logPolicy, horizon, from), rowSums(proposedPolicy, horizon, from)];
        const accepted = Uint8Array.from(before, (logBefore, chain) => {
          const gain = (proposedScores[chain] as number) - (scores[chain] as number);
          // a number is drawn for every chain, so that what one does changes no other
          return Math.log(uniform(random)) < gain + logBefore - (after[chain] as number) ? 1 : 0;
        });
        from.forEach((k, chain) => {
          if (k === 0) logWeights.push((proposedScores[chain] as number) - (after[chain] as number));
        });
        current = chosen(accepted, proposed, current);
        scores = scores.map((score, chain) => (accepted[chain] === 1 ? (proposedScores[chain] as number) : score));
        logPolicy = logPolicy.map((x, place) =>
          accepted[Math.floor(place / horizon)] === 1 ? (proposedPolicy[place] as number) : x,
        );
      }
      chains = current;
      return {
        samples: current,
        sampleWeights: new Float64Array(count).fill(1 / count),
        dataWeights: new Float64Array(data.count).fill(-1 / data.count),
        logPartition: logSumExp(Float64Array.from(logWeights)) - Math.log(logWeights.length),
      };
    },
    memory: {
      read: (): Tensors =>
        chains
          ? {
              chains: tensor([chains.count, chains.horizon], chains.tokens),
              lengths: tensor([chains.count], chains.lengths),
              moved: tensor([1], Int32Array.of(moved)),
            }
          : {},
      write: (tensors) => {
        const { chains: tokens, lengths, moved: count } = tensors;
        if (!tokens || !lengths || !count) {
          chains = undefined;
          moved = 0;
          return;
        }
        const [rows, horizon] = tokens.shape as [number, number];
        chains = { count: rows, horizon, tokens: Int32Array.from(tokens.data), lengths: Int32Array.from(lengths.data) };
        moved = count.data[0] as number;
      },
    },
  };
};

/** Row by row the first list where `first` is 1, else the second. */
const chosen = (first: Uint8Array, one: Rows, other: Rows): Rows => {
  const { count, horizon } = one;
  const tokens = Int32Array.from(one.tokens, (token, place) =>
    first[Math.floor(place / horizon)] === 1 ? token : (other.tokens[place] as number),
  );
  const lengths = one.lengths.map((length, row) => (first[row] === 1 ? length : (other.lengths[row] as number)));
  return { count, horizon, tokens, lengths };
};
