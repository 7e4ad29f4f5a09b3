import type { NumberTensor, NumberTensors } from "../number-tensor.ts";
import { learnedLogPartition } from "./learned-log-partition.ts";
import type { ObjectiveName } from "./objective-name.ts";
import {
  consistencyCoefficients,
  forwardCoefficients,
  reverseCoefficients,
} from "./objectives/response-coefficients.ts";
import { alongResponses, forEachPlace, logMeanExp, mean, numbersOf } from "./response-numbers.ts";
import { rowPolicy } from "./students/row-policy.ts";
import type { ResponseView } from "./students/student.ts";
import { checkState } from "./students/student-state.ts";

/** What a batch of responses says of an objective. */
export interface SampledEstimate {
  /** An estimate of the objective's value. */
  readonly value: number;
  /** An estimate of its derivative by the logits, `[arcs]` of the view. */
  readonly cotangent: Float64Array;
}

/** An objective on responses, of any student; it may learn a number besides. */
export interface SampledObjective {
  /** @param scores `R(y)` of each response, in nats */
  estimate(view: ResponseView, scores: Float64Array): SampledEstimate;
  /** A copy of what it remembers between batches. */
  state(): NumberTensors;
  /** Goes on from a copy. */
  restore(state: NumberTensors): void;
  /** `log Z` as it knows, learned or estimated it, in nats. */
  logPartition(): number | undefined;
}

/** What decides a sampled objective, beside its name. */
export interface SampledOptions {
  readonly steps: number;
  /** `log Z` in nats, where it is known. */
  readonly logPartition?: number;
  /** Whether the responses are the student's own. */
  readonly onPolicy: boolean;
  /** Largest learning rate of the learned log-partition. */
  readonly logPartitionRate: number;
}

/** The objective of a name, from responses (theory §9). */
export const sampledObjective = (name: ObjectiveName, options: SampledOptions): SampledObjective =>
  MAKERS[name](options);

const NOTHING: Omit<SampledObjective, "estimate"> = {
  state: () => ({}),
  restore: () => undefined,
  logPartition: () => undefined,
};

/** Share of the newest batch in the running mean of weights: a student that comes closer weighs better. */
const NEWEST = 0.05;

/**
 * Forward divergence with weights that leave it unbiased: exact ones where `log Z` is known, else divided by the mean weight of the
 * batches before, which does not depend on this one, so that the gradient is the exact one times a number.
 */
const forward = ({ logPartition, onPolicy }: SampledOptions): SampledObjective => {
  const running = Float64Array.of(0, 0);
  const known = () => logPartition ?? (running[0] === 0 ? undefined : (running[1] as number));
  return {
    estimate: (view, scores) => {
      const { policy, numbers } = numbersOf(view, scores);
      const logZ = known();
      const coefficients = forwardCoefficients(
        numbers,
        logZ === undefined ? {} : { logPartition: logZ, baseline: onPolicy },
      );
      const logWeights = scores.map((score, i) => score - (numbers.logProposal[i] as number));
      const ofBatch = logMeanExp(logWeights);
      if (ofBatch > -Infinity) {
        const batches = (running[0] as number) + 1;
        const share = Math.max(NEWEST, 1 / batches);
        const before = running[1] as number;
        running[1] = batches === 1 ? ofBatch : before + Math.log1p(share * Math.expm1(ofBatch - before));
        running[0] = batches;
      }
      const divergences = scores.map((score, i) => {
        const weight = Math.exp((logWeights[i] as number) - ofBatch);
        return weight > 0 ? weight * (score - (numbers.logStudent[i] as number)) : 0;
      });
      const value = ofBatch === -Infinity ? Infinity : mean(divergences) - (logPartition ?? ofBatch);
      return { value, cotangent: alongResponses(view, policy, coefficients) };
    },
    state: () => ({ "objective.logMeanWeight": { shape: [2], data: running.slice() } }),
    restore: (saved) => {
      checkState({ "objective.logMeanWeight": { shape: [2], data: running } }, saved);
      running.set((saved["objective.logMeanWeight"] as NumberTensor).data);
    },
    logPartition: known,
  };
};

const reverse = ({ logPartition = 0 }: SampledOptions): SampledObjective => ({
  ...NOTHING,
  estimate: (view, scores) => {
    const { policy, numbers } = numbersOf(view, scores);
    checkFinite(scores);
    const costs = numbers.logStudent.map((logP, i) => {
      const weight = Math.exp(logP - (numbers.logProposal[i] as number));
      return weight === 0 ? 0 : weight * (logP - (scores[i] as number) + logPartition);
    });
    return { value: mean(costs), cotangent: alongResponses(view, policy, reverseCoefficients(numbers)) };
  },
});

/** Responses of the student or data that the target forbids make residuals and divergences infinite. */
const checkFinite = (scores: Float64Array): void => {
  const wrong = scores.findIndex((score) => !Number.isFinite(score));
  if (wrong < 0) return;
  throw new RangeError(
    `response ${wrong} of the batch has the score ${scores[wrong]}, so its residual is infinite: give finite scores, ` +
      'forbid by an automaton, or use the objective "forward-kl"',
  );
};

/** Path consistency, whose `log Z_φ` begins where the first batch puts it and has an Adam of its own. */
const consistency = ({ steps, logPartitionRate }: SampledOptions): SampledObjective => {
  const learned = learnedLogPartition(steps, logPartitionRate);
  return {
    estimate: (view, scores) => {
      const { policy, numbers } = numbersOf(view, scores);
      checkFinite(scores);
      const excess = numbers.logStudent.map((logP, i) => logP - (scores[i] as number));
      const logZ = learned.value(-mean(excess));
      const residuals = excess.map((x) => x + logZ);
      const coefficients = consistencyCoefficients(residuals);
      learned.descend(coefficients.reduce((sum, c) => sum + c, 0));
      return { value: mean(residuals.map((x) => x * x)), cotangent: alongResponses(view, policy, coefficients) };
    },
    state: learned.state,
    restore: learned.restore,
    logPartition: () => learned.value(),
  };
};

/** Soft Bellman regression: on all actions of the states passed where the view holds what they lead to, else on those taken. */
const bellman = (): SampledObjective => ({
  ...NOTHING,
  estimate: (view) => {
    const { graph, live, logits, rewards, batch } = view;
    if (rewards === undefined) throw new RangeError(NO_REWARDS);
    const policy = rowPolicy(view);
    const weights = new Float64Array(graph.arcs);
    forEachPlace(view, (state, taken) => {
      const [begin, end] = view.closed
        ? [graph.firstArcs[state] as number, graph.firstArcs[state + 1] as number]
        : [taken, taken + 1];
      let count = 0;
      for (let arc = begin; arc < end; arc++) count += live[arc] as number;
      for (let arc = begin; arc < end; arc++) {
        if (live[arc] === 1) weights[arc] = (weights[arc] as number) + 1 / (count * batch.count);
      }
    });
    let value = 0;
    const cotangent = weights.map((weight, arc) => {
      if (weight === 0) return 0;
      const residual = (logits[arc] as number) - (rewards[arc] as number) - policy.value(graph.targets[arc] as number);
      value += weight * residual ** 2;
      return 2 * weight * residual;
    });
    return { value, cotangent };
  },
});

/** Why a function's target cannot be regressed on. */
export const NO_REWARDS =
  'the objective "bellman" needs rewards of single actions, which a function on whole responses does not give: ' +
  'use "reverse-kl", "forward-kl" or "path-consistency", or make a table of the function';

const MAKERS: Record<ObjectiveName, (options: SampledOptions) => SampledObjective> = {
  "forward-kl": forward,
  "reverse-kl": reverse,
  bellman,
  "path-consistency": consistency,
};
