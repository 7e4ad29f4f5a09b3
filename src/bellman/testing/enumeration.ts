import { logSumExp } from "../../kernels/index.ts";
import { arcsOf, responses, type Space, type Table } from "../../space/index.ts";

/** A distribution over responses, listed. */
export interface Listed {
  readonly space: Space;
  readonly tokens: number[][];
  /** `R(y)`, in nats. */
  readonly scores: Float64Array;
  /** `log Z`, in nats. */
  readonly logPartition: number;
  /** `log p(y)`, in nats. */
  readonly logProbabilities: Float64Array;
}

/** Every response of a reward's space with its probability, by adding up rewards: the oracle of this room's tests. */
export const enumerate = (reward: Table): Listed => {
  const { space } = reward;
  const tokens = [...responses(space)];
  const scores = Float64Array.from(tokens, (response) =>
    (arcsOf(space, response) as number[]).reduce(
      (sum, arc, depth) => sum + ((reward.levels[depth] as Float64Array)[arc] as number),
      0,
    ),
  );
  const logPartition = logSumExp(scores);
  return { space, tokens, scores, logPartition, logProbabilities: scores.map((score) => score - logPartition) };
};

/** Whether no response has positive probability. */
export const isEmpty = (listed: Listed): boolean => listed.logPartition === -Infinity;

/** `E[f(y)]`, skipping responses of probability 0. */
export const mean = (listed: Listed, f: (response: number[], index: number) => number): number =>
  listed.tokens.reduce((sum, response, index) => {
    const logP = listed.logProbabilities[index] as number;
    if (logP === -Infinity) return sum;
    const x = f(response, index);
    // probability may underflow to 0, and 0·∞ is not a number
    return sum + (Number.isFinite(x) ? Math.exp(logP) * x : x);
  }, 0);

/** `KL(p‖q)`, in nats. */
export const klOf = (p: Listed, q: Listed): number =>
  mean(p, (_, i) => (p.logProbabilities[i] as number) - (q.logProbabilities[i] as number));

/** Probability of passing each arc, laid out as a table's levels. */
export const arcProbabilities = (listed: Listed): Float64Array[] => {
  const { space } = listed;
  const levels = Array.from({ length: space.horizon }, (_, depth) => new Float64Array(space.layer(depth).arcs));
  listed.tokens.forEach((response, index) => {
    const probability = Math.exp(listed.logProbabilities[index] as number);
    (arcsOf(space, response) as number[]).forEach((arc, depth) => {
      const level = levels[depth] as Float64Array;
      level[arc] = (level[arc] as number) + probability;
    });
  });
  return levels;
};

/** Largest absolute score, at least 1: the unit of relative tolerances. */
export const unitOf = (listed: Listed): number =>
  listed.scores.reduce((max, score) => (score === -Infinity ? max : Math.max(max, Math.abs(score))), 1);
