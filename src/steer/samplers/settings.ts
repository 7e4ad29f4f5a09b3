/** What samplers can be asked for, with what each does. */
export const SAMPLERS = {
  smc: "sequential Monte Carlo: weighted particles, resampled where their weights are too uneven",
  "adaptive-rejection": "sequential Monte Carlo that checks single tokens instead of whole rows, for costly wishes",
  importance: "importance sampling: weighted particles, never resampled",
  "metropolis-hastings": "independence Metropolis–Hastings: chains of whole responses",
  "block-metropolis-hastings": "Metropolis–Hastings that redraws a response from a token on",
  rejection: "plain rejection: exact samples, where the wish is not too improbable",
  "best-of-n": "the best of n responses of the model alone: not the wished distribution",
  masking: "local masking without weights, as constrained decoders do: biased",
} as const;

/** Name of a sampler. */
export type SamplerName = keyof typeof SAMPLERS;

/** Knobs of {@link steer}. */
export interface SteerOptions {
  /** Default `"smc"`. */
  readonly sampler?: SamplerName;
  /**
   * Particles that grow side by side (default 64): weighted ones, attempts of masking, attempts of a round of rejection, `n` of the best of n, or chains.
   */
  readonly particles?: number;
  /**
   * Responses to return. Weighted particles: as many draws of them; default: the particles themselves with their weights. Rejection, best of n and
   * masking: how many are made; default: as many as particles, and one best. Chains: states evenly spaced; default: all.
   */
  readonly samples?: number;
  /** A whole number from 0 to 2³² − 1; the same seed gives the same responses (default 7). */
  readonly seed?: number;
  /** Stops the run at its next token; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Sequential Monte Carlo: independent groups that the particles are split into, from whose scatter comes the standard error of `log Z`. Default:
   * 4, 3 or 2 where groups of 8 or more come out even, else 1.
   */
  readonly islands?: number;
  /** Sequential Monte Carlo: share of effective particles below which an island is resampled (default 0.5). */
  readonly resampleBelow?: number;
  /** Adaptive rejection: tokens checked for a weight, beyond the token said (default 1). */
  readonly checks?: number;
  /** Chains: moves of each, of which the first half is thrown away (default 50). */
  readonly moves?: number;
  /** Rejection: most attempts (default 100,000). */
  readonly attempts?: number;
  /** Rejection: the largest `φ` of any response, in nats; needed unless the wish is a hard constraint, whose largest is 0. */
  readonly largest?: number;
}

/** Options with all their defaults. */
export type Settings = Required<Omit<SteerOptions, "samples" | "largest" | "signal">> & {
  readonly samples: number | undefined;
  readonly largest: number | undefined;
  readonly signal: AbortSignal | undefined;
};

/** @throws RangeError where an option is out of its range */
export const settingsOf = (options: SteerOptions): Settings => {
  const { sampler = "smc", particles = 64, seed = 7, resampleBelow = 0.5, samples, largest, signal } = options;
  const { islands = defaultIslands(particles), checks = 1, moves = 50, attempts = 100_000 } = options;
  if (!Object.hasOwn(SAMPLERS, sampler)) {
    throw new RangeError(`"sampler" must be one of ${Object.keys(SAMPLERS).join(", ")}, got ${String(sampler)}`);
  }
  for (const [name, value] of Object.entries({ particles, samples: samples ?? 1, islands, checks, moves, attempts })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`"${name}" must be a whole number ≥ 1, got ${String(value)}`);
    }
  }
  if (particles % islands !== 0) {
    throw new RangeError(`"islands" must divide the ${particles} particles evenly, got ${islands}`);
  }
  if (!(resampleBelow >= 0 && resampleBelow <= 1)) {
    throw new RangeError(`"resampleBelow" must be from 0 to 1, got ${String(resampleBelow)}`);
  }
  if (largest !== undefined && !Number.isFinite(largest)) {
    throw new RangeError(`"largest" must be finite, got ${String(largest)}`);
  }
  return { sampler, particles, seed, islands, resampleBelow, checks, moves, attempts, samples, largest, signal };
};

/** Fewest particles of an island that comes of itself. */
const ISLAND = 8;

const defaultIslands = (particles: number): number =>
  [4, 3, 2].find((islands) => particles % islands === 0 && particles / islands >= ISLAND) ?? 1;
