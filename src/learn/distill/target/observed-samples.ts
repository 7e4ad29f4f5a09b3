import type { Feature } from "./feature.ts";
import { featureOfResponse } from "./feature-of-response.ts";
import { type CallOptions, callFunction, type ResponseFunction } from "./response-function.ts";

/** Independent responses, with what turns them into samples of another distribution. */
export interface WeightedResponses {
  readonly responses: readonly (readonly number[])[];
  /** `log p(y) − log proposal(y)`, up to a constant, in nats, `[responses]`; without it they are samples of `p` itself. */
  readonly logWeights?: Float64Array;
}

/** Samples and what some features are on them. */
export interface ObservedSamples {
  readonly count: number;
  /** In nats, `[count]`. */
  readonly logWeights: Float64Array;
  /** For each feature its values, `[count]`. */
  readonly columns: readonly Float64Array[];
}

/** What samples say under the weights `w_i ∝ exp(logWeight_i + λ·φ(y_i))`, of sum 1. */
export interface WeightedMoments {
  /** `log Σ exp(logWeight + λ·φ)`, in nats. */
  readonly logSum: number;
  /** `Σ w_i·φ_k(y_i)`, `[K]`. */
  readonly means: Float64Array;
  /** `Σ w_i·d_k·d_l` with `d = φ(y_i) − mean`, `[K × K]`. */
  readonly covariance: Float64Array;
  /** `Σ w_i²·d_k·d_l·n/(n − 1)`: the covariance of the means as estimates, `[K × K]`. */
  readonly errors: Float64Array;
  /** `1 / (n·Σ w_i²)`: the effective sample size as a share of the samples. */
  readonly share: number;
}

/** Values of named features and functions on responses, a column `[responses]` each. */
export const columnsOf = (
  responses: readonly (readonly number[])[],
  moments: readonly { readonly feature: Feature | ResponseFunction; readonly name: string }[],
  options: CallOptions,
): Promise<Float64Array[]> =>
  Promise.all(
    moments.map(async ({ feature, name }) => {
      const column =
        "parts" in feature
          ? Float64Array.from(responses, (response) => featureOfResponse(feature, response))
          : await callFunction(feature, responses, options);
      const wrong = column.findIndex((x) => !Number.isFinite(x));
      if (wrong < 0) return column;
      throw new RangeError(
        `the feature of moment "${name}" is ${column[wrong]} on response ${wrong}: use finite numbers`,
      );
    }),
  );

/**
 * Samples with their features.
 *
 * @param what what messages call the samples
 * @throws RangeError where there are fewer than 2, or their log weights are not one finite number or −∞ for each
 */
export const observe = async (
  what: string,
  { responses, logWeights = new Float64Array(responses.length) }: WeightedResponses,
  moments: readonly { readonly feature: Feature | ResponseFunction; readonly name: string }[],
  options: CallOptions,
): Promise<ObservedSamples> => {
  const count = responses.length;
  if (count < 2) throw new RangeError(`"${what}" must hold at least 2 responses, got ${count}`);
  if (logWeights.length !== count) {
    throw new RangeError(
      `"${what}.logWeights" must hold one number for each of ${count} responses, got ${logWeights.length}`,
    );
  }
  const wrong = logWeights.findIndex((x) => !(x < Infinity));
  if (wrong >= 0) {
    throw new RangeError(`"${what}.logWeights[${wrong}]" must be a finite number or −∞, got ${logWeights[wrong]}`);
  }
  if (logWeights.every((x) => x === -Infinity)) {
    throw new RangeError(`"${what}.logWeights" are all −∞: no response is one that the model gives`);
  }
  return { count, logWeights, columns: await columnsOf(responses, moments, options) };
};

/** `λ·φ(y_i)`. */
export const pullOf = (columns: readonly Float64Array[], multipliers: Float64Array, i: number): number =>
  columns.reduce((sum, column, k) => sum + (multipliers[k] as number) * (column[i] as number), 0);

/** `log Σ exp(logWeight + λ·φ)`, in nats, and the weights, of sum 1. */
export const weigh = ({ logWeights, columns }: ObservedSamples, multipliers: Float64Array) => {
  const logs = logWeights.map((logWeight, i) => logWeight + pullOf(columns, multipliers, i));
  const highest = logs.reduce((max, x) => Math.max(max, x), -Infinity);
  const logSum = highest + Math.log(logs.reduce((sum, x) => sum + Math.exp(x - highest), 0));
  return { logSum, weights: logs.map((x) => Math.exp(x - logSum)) };
};

/** What samples say of their features under multipliers. */
export const momentsUnder = (samples: ObservedSamples, multipliers: Float64Array): WeightedMoments => {
  const { columns, count } = samples;
  const { logSum, weights } = weigh(samples, multipliers);
  const size = columns.length;
  const means = Float64Array.from(columns, (column) =>
    column.reduce((sum, x, i) => sum + (weights[i] as number) * x, 0),
  );
  const [covariance, errors] = [new Float64Array(size * size), new Float64Array(size * size)];
  for (const [k, left] of columns.entries()) {
    for (const [l, right] of columns.entries()) {
      let [product, square] = [0, 0];
      for (let i = 0; i < count; i++) {
        const w = weights[i] as number;
        const d = ((left[i] as number) - (means[k] as number)) * ((right[i] as number) - (means[l] as number));
        product += w * d;
        square += w * w * d;
      }
      covariance[k * size + l] = product;
      errors[k * size + l] = (square * count) / (count - 1);
    }
  }
  const share = 1 / (count * weights.reduce((sum, w) => sum + w * w, 0));
  return { logSum, means, covariance, errors, share };
};
