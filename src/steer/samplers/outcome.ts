import type { Explorer } from "./explorer.ts";
import type { LogPartition } from "./log-partition.ts";
import type { Particle } from "./particle.ts";
import type { Resampling } from "./population.ts";
import type { Settings } from "./settings.ts";

/** A response, and its share. */
export interface WeightedParticle {
  readonly particle: Particle;
  /** In nats; the shares of all that are returned sum to 1. */
  readonly logWeight: number;
}

/** What a sampler found. */
export interface Outcome {
  readonly responses: readonly WeightedParticle[];
  readonly logPartition: LogPartition;
  readonly effectiveSampleSize: number;
  readonly effectiveSampleSizes: readonly number[];
  /** What holds of the responses. */
  readonly guarantees: readonly string[];
  /** What holds of the estimate of `log Z`. */
  readonly partitionGuarantees: readonly string[];
  readonly warnings: readonly string[];
  readonly resamplings?: readonly Resampling[];
}

/** Where a sampler is. */
export interface Stand {
  /** Tokens said by the particles that grow now. */
  readonly step: number;
  /** What has been done, from 0 to 1, where the sampler can tell. */
  readonly share?: number;
  readonly particles: readonly Particle[];
  /** Of the particles' weights. */
  readonly effectiveSampleSize: number;
}

/** What a sampler may take for granted of the wish. */
export interface Facts {
  /** Whether `φ` is 0 or −∞. */
  readonly hard: boolean;
}

/** A way of sampling. */
export type Sampler = (explorer: Explorer, settings: Settings, facts: Facts) => AsyncGenerator<Stand, Outcome, void>;

/** Particles with equal shares. */
export const equallyWeighted = (particles: readonly Particle[]): WeightedParticle[] =>
  particles.map((particle) => ({ particle, logWeight: -Math.log(particles.length) }));
