import type { Feature } from "./feature.ts";
import type { Moment } from "./moment.ts";
import {
  columnsOf,
  momentsUnder,
  type ObservedSamples,
  observe,
  pullOf,
  type WeightedResponses,
  weigh,
} from "./observed-samples.ts";
import type { CallOptions, ResponseFunction } from "./response-function.ts";
import { solve } from "./solve.ts";
import { type MomentDual, type RangedMoment, solveMoments } from "./solve-moments.ts";

/** A moment of a feature, or of a function that only knows whole responses. */
export interface SampledMoment extends Omit<Moment, "feature"> {
  readonly feature: Feature | ResponseFunction;
}

/** A moment constraint met on samples. */
export interface EstimatedMoment {
  readonly name: string;
  readonly wanted: number;
  /** `E φ` under the fitted distribution: on the fitted samples it is the wanted mean itself, on fresh ones an estimate. */
  readonly achieved: number;
  /** Standard error of `achieved − wanted`, by which the fit and, if there is one, the check may be off. */
  readonly standardError: number;
  /** `λ` of the factor `exp(λ·φ(y))`, in nats per unit of the feature. */
  readonly multiplier: number;
  readonly multiplierStandardError: number;
}

/** The distribution `p·exp(λ·φ)` as far as samples tell. */
export interface SampledMoments {
  readonly moments: readonly EstimatedMoment[];
  /** `(Σ w)² / Σ w²` of the fitted weights, out of `samples`. */
  readonly effectiveSampleSize: number;
  readonly samples: number;
  /** What stands in the way of trusting the numbers; empty where nothing was seen. */
  readonly warnings: readonly string[];
  /** `λ·φ(y)` of any responses, in nats: what the moments add to the reward. */
  score(responses: readonly (readonly number[])[]): Promise<Float64Array>;
}

/** Share of effective samples below which a fit warns. */
const LOW_SHARE = 0.1;

/**
 * Meets moments where no dynamic program can: multipliers from samples, by self-normalised importance sampling.
 *
 * With weights `w_i ∝ p(y_i)/proposal(y_i)·exp(λ·φ(y_i))` the dual of the samples' own distribution is minimised by Newton's
 * method. To first order the fitted distribution's true mean misses the wanted one by `Σ w_i·(φ(y_i) − wanted)` at the true
 * `λ`, so its standard error is `√Σ w_i²·(φ(y_i) − wanted)²`; that of `λ` follows by the inverse covariance. The bias is of order
 * 1/samples. Source: theory §6.4, §8.
 *
 * @param samples samples to fit
 * @param moments features to be followed, or functions to be called, and their means
 * @param options.check fresh samples to estimate the achieved means on; they must not be those of the fit
 * @throws RangeError where there are fewer than 2 samples, a weight is NaN or +∞, or moments are out of the range seen in the
 * samples or contradict each other, naming them; and what calls of the functions throw
 * @example
 * ```ts
 * import { fitSampledMoments } from "arbel/learn";
 * import { sample, table, tree } from "arbel";
 * const draws = sample(table(tree({ tokens: 4, horizon: 3, eos: false }), "reward", () => 0), 2000, { seed: 7 });
 * const responses = Array.from({ length: draws.count }, (_, i) => [...draws.response(i)]);
 * const rises = { name: "rises", values: (ys: readonly (readonly number[])[]) => ys.map(([a, , b]) => (a! < b! ? 1 : 0)) };
 * const { moments } = await fitSampledMoments({ responses }, [{ feature: rises, mean: 0.5 }]);
 * // 3/8 of all responses rise, so the multiplier of one half is log(5/3)
 * console.log(Math.abs(moments[0]!.multiplier - Math.log(5 / 3)) < 3 * moments[0]!.multiplierStandardError); // true
 * ```
 */
export const fitSampledMoments = async (
  samples: WeightedResponses,
  moments: readonly SampledMoment[],
  options: CallOptions & { readonly check?: WeightedResponses } = {},
): Promise<SampledMoments> => {
  const named = moments.map(({ feature, mean, name = feature.name }) => ({ feature, wanted: mean, name }));
  const seen = await observe("samples", samples, named, options);
  const ranged = named.map(({ name, wanted }, k) => ({ name, wanted, range: rangeOf(seen, k) }));
  const { multipliers } = solveMoments(ranged, sampleDual(seen, ranged), `in the ${seen.count} samples`);
  const fit = momentsUnder(seen, multipliers);
  const check = options.check && momentsUnder(await observe("check", options.check, named, options), multipliers);
  const spread = sandwich(fit.covariance, fit.errors, named.length);
  const rootOf = (matrix: Float64Array, k: number) => Math.sqrt(Math.max(0, matrix[k * (named.length + 1)] as number));
  return {
    moments: named.map(({ name, wanted }, k) => ({
      name,
      wanted,
      achieved: check ? (check.means[k] as number) : (fit.means[k] as number),
      standardError: Math.hypot(rootOf(fit.errors, k), check ? rootOf(check.errors, k) : 0),
      multiplier: multipliers[k] as number,
      multiplierStandardError: rootOf(spread, k),
    })),
    effectiveSampleSize: fit.share * seen.count,
    samples: seen.count,
    warnings: [...lowShare("samples", fit.share), ...(check ? lowShare("check", check.share) : [])],
    score: async (responses) => {
      const columns = await columnsOf(responses, named, options);
      return Float64Array.from(responses, (_, i) => pullOf(columns, multipliers, i));
    },
  };
};

const lowShare = (what: string, share: number): string[] =>
  share < LOW_SHARE
    ? [
        `the effective sample size of "${what}" is ${(100 * share).toFixed(1)} % of the samples, below 10 %: ` +
          "standard errors are too small, take more samples or a proposal nearer to the fitted distribution",
      ]
    : [];

/** Least and greatest value of a feature on samples of positive weight. */
const rangeOf = ({ logWeights, columns }: ObservedSamples, k: number): readonly [number, number] => {
  let [least, greatest] = [Infinity, -Infinity];
  for (const [i, x] of (columns[k] as Float64Array).entries()) {
    if (logWeights[i] === -Infinity) continue;
    [least, greatest] = [Math.min(least, x), Math.max(greatest, x)];
  }
  return [least, greatest];
};

/** Rounding of a log-sum over samples, relative to the numbers that go into it. */
const ROUNDING = 1e-14;

const sampleDual = (seen: ObservedSamples, moments: readonly RangedMoment[]): MomentDual => {
  const start = weigh(seen, new Float64Array(moments.length)).logSum;
  const along = (multipliers: Float64Array) =>
    multipliers.reduce((sum, x, k) => sum + x * (moments[k] as RangedMoment).wanted, 0);
  const sizes = moments.map(({ range }) => Math.max(...range.map(Math.abs)));
  return {
    at: (multipliers) => {
      const { logSum } = weigh(seen, multipliers);
      const pull = multipliers.reduce((sum, x, k) => sum + Math.abs(x) * (sizes[k] as number), 0);
      return {
        value: logSum - start - along(multipliers),
        rounding: ROUNDING * (1 + Math.abs(logSum) + Math.abs(start) + pull),
        moments: () => {
          const { means, covariance } = momentsUnder(seen, multipliers);
          return { gaps: means.map((mean, k) => mean - (moments[k] as RangedMoment).wanted), covariance };
        },
      };
    },
    reach: (multipliers) => {
      let highest = -Infinity;
      for (let i = 0; i < seen.count; i++) {
        if (seen.logWeights[i] !== -Infinity) highest = Math.max(highest, pullOf(seen.columns, multipliers, i));
      }
      return highest - along(multipliers);
    },
  };
};

/** `C⁻¹·S·C⁻¹`: the covariance of the multipliers from that of the means. */
const sandwich = (covariance: Float64Array, errors: Float64Array, size: number): Float64Array => {
  const half = solveColumns(covariance, errors, size);
  return solveColumns(covariance, transposed(half, size), size);
};

/** `C⁻¹·B`, `[size × size]`. */
const solveColumns = (covariance: Float64Array, b: Float64Array, size: number): Float64Array => {
  const out = new Float64Array(size * size);
  for (let column = 0; column < size; column++) {
    const solved = solve(
      covariance,
      Float64Array.from({ length: size }, (_, row) => b[row * size + column] as number),
    );
    for (let row = 0; row < size; row++) out[row * size + column] = solved[row] as number;
  }
  return out;
};

const transposed = (matrix: Float64Array, size: number): Float64Array =>
  Float64Array.from(matrix, (_, i) => matrix[(i % size) * size + Math.floor(i / size)] as number);
