import type { Choose } from "./choose.ts";
import type { Explorer } from "./explorer.ts";
import { effectiveSampleSize, logMean } from "./log-weights.ts";
import { isGrowing, isResponse, type Particle, rootParticle } from "./particle.ts";
import type { Prefix } from "./prefix.ts";
import { systematicAncestors } from "./resample.ts";
import type { Said, Step } from "./step.ts";

/** Particles that grow together, and are resampled among themselves; islands are independent of one another. */
export interface Island {
  readonly choose: Choose;
  particles: readonly Particle[];
}

/** One resampling: which particles went on. */
export interface Resampling {
  /** Tokens said before it. */
  readonly step: number;
  readonly island: number;
  /** Places of the ancestors, `[particles]`. */
  readonly ancestors: Int32Array;
}

/** How a population stands after a token more. */
export interface Growth {
  /** Tokens said, ends included. */
  readonly step: number;
  /** Of all islands together, before resampling. */
  readonly effectiveSampleSize: number;
}

/** How a population grows. */
export interface GrowthOptions {
  readonly step: Step;
  /** Share of effective particles of an island below which it is resampled; 0: never. */
  readonly resampleBelow: number;
  readonly signal: AbortSignal | undefined;
}

/** An island of particles that have said nothing yet. */
export const islandOf = (explorer: Explorer, choose: Choose, count: number): Island => ({
  choose,
  particles: new Array<Particle>(count).fill(rootParticle(explorer.root, explorer.startValue)),
});

/**
 * Grows particles to their ends, a token a step, all islands side by side so that the model is asked in one batch.
 *
 * The mean weight of an island is an unbiased estimate of `Z` at every step: a step multiplies a particle's weight by an unbiased
 * estimate, and resampling gives `N` offspring of the mean weight each, in proportion to the weights in expectation (theory §8).
 *
 * @param resamplings takes the genealogy
 */
export async function* grow(
  explorer: Explorer,
  islands: readonly Island[],
  options: GrowthOptions,
  resamplings: Resampling[] = [],
): AsyncGenerator<Growth, void, void> {
  for (let step = 1; islands.some(({ particles }) => particles.some(isGrowing)); step++) {
    options.signal?.throwIfAborted();
    await growOnce(explorer, islands, options.step);
    const logWeights = islands.flatMap(({ particles }) => particles.map(({ logWeight }) => logWeight));
    for (const [island, population] of islands.entries()) {
      const ancestors = resample(population, options.resampleBelow);
      if (ancestors) resamplings.push({ step, island, ancestors });
    }
    yield { step, effectiveSampleSize: effectiveSampleSize(logWeights) };
  }
}

/** Every growing particle says a token; programs that know whole responses are asked about what has become of it. */
const growOnce = async (explorer: Explorer, islands: readonly Island[], step: Step): Promise<void> => {
  const growing = islands.flatMap(({ particles, choose }) =>
    particles.filter(isGrowing).map((particle) => ({ particle, prefix: particle.prefix, choose })),
  );
  const said = await step(explorer, growing);
  const grownUp = growing.map(({ particle }, i) => grown(explorer, particle, said[i] as Said));
  await score(grownUp, isResponse, explorer.scores.whole);
  await score(grownUp, isGrowing, explorer.scores.partial);
  const next = grownUp.values();
  for (const island of islands) {
    island.particles = island.particles.map((particle) =>
      isGrowing(particle) ? (next.next().value as Particle) : particle,
    );
  }
};

/** Takes what whole responses are worth, or guesses of it, into the weights of some particles, in place of the guesses before. */
const score = async (
  particles: Particle[],
  which: (particle: Particle) => boolean,
  by: (prefixes: readonly Prefix[]) => Promise<readonly number[]>,
): Promise<void> => {
  const places = [...particles.keys()].filter((i) => which(particles[i] as Particle));
  const scores = await by(places.map((i) => (particles[i] as Particle).prefix));
  for (const [j, i] of places.entries()) {
    const particle = particles[i] as Particle;
    const guess = scores[j] as number;
    particles[i] = { ...particle, guess, logWeight: particle.logWeight + guess - particle.guess };
  }
};

const grown = (explorer: Explorer, particle: Particle, { token, logWeight, logModel }: Said): Particle => {
  if (token < 0) return { ...particle, logWeight: -Infinity };
  const ends = explorer.isEnd(token);
  return {
    prefix: ends ? particle.prefix : explorer.child(particle.prefix, token),
    end: ends ? token : -1,
    logWeight: particle.logWeight + logWeight,
    logModel: particle.logModel + logModel,
    guess: particle.guess,
    previous: particle,
  };
};

/** Resamples an island whose weights are too uneven. */
const resample = (island: Island, below: number): Int32Array | undefined => {
  const { particles, choose } = island;
  const logWeights = particles.map(({ logWeight }) => logWeight);
  if (effectiveSampleSize(logWeights) >= below * particles.length || !particles.some(isGrowing)) return;
  const mean = logMean(logWeights);
  const weights = Float64Array.from(logWeights, (logWeight) => Math.exp(logWeight - mean));
  const ancestors = systematicAncestors(weights, choose);
  island.particles = Array.from(ancestors, (ancestor) => ({ ...(particles[ancestor] as Particle), logWeight: mean }));
  return ancestors;
};
