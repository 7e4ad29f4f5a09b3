import { generator } from "../../bellman/index.ts";
import { adaptiveStep } from "./adaptive-step.ts";
import { type Choose, chooser } from "./choose.ts";
import { allDead } from "./dead-end-error.ts";
import { certainlyAbove, RESPONSES, UNBIASED, weightedMeans } from "./guarantees.ts";
import { type JudgedPartition, partitionOfParticles, partitionOfWeights } from "./log-partition.ts";
import { effectiveSampleSize, logSum } from "./log-weights.ts";
import { equallyWeighted, type Sampler, type WeightedParticle } from "./outcome.ts";
import { isResponse, type Particle } from "./particle.ts";
import { grow, type Island, islandOf, type Resampling } from "./population.ts";
import { systematicAncestors } from "./resample.ts";
import type { Settings } from "./settings.ts";
import { type Step, weightedStep } from "./step.ts";

/**
 * Sequential Monte Carlo: particles grow by the wish's guess, and where their weights are too uneven the light ones give way to copies of the
 * heavy ones (theory §8).
 */
export const smc: Sampler = (explorer, settings) => weighted(explorer, settings, weightedStep, settings.islands);

/** The same with {@link adaptiveStep}. */
export const adaptiveRejection: Sampler = (explorer, settings) =>
  weighted(explorer, settings, adaptiveStep(settings.checks), settings.islands);

/** Independent weighted particles: sequential Monte Carlo without resampling. */
export const importance: Sampler = (explorer, settings) =>
  weighted(explorer, { ...settings, resampleBelow: 0 }, weightedStep, 1);

/** What a constrained decoder does, where the wish has no lookahead: the same draws, and their weights thrown away. */
export async function* masking(...[explorer, settings, facts]: Parameters<Sampler>): ReturnType<Sampler> {
  const count = settings.samples ?? settings.particles;
  const all = { ...settings, particles: count, samples: undefined };
  const { responses, ...outcome } = yield* importance(explorer, all, facts);
  const stuck = 1 - responses.length / count;
  return {
    ...outcome,
    responses: equallyWeighted(responses.map(({ particle }) => particle)),
    effectiveSampleSize: responses.length,
    guarantees: [
      "biased: tokens are masked one at a time and the weights are thrown away, so the responses follow another distribution, " +
        `given that they end, except where lookahead is exact; ${(100 * stuck).toFixed(1)} % of ${count} attempts ran into a dead end and are left out`,
      ...outcome.guarantees.filter((text) => text !== weightedMeans(count)),
    ],
  };
}

async function* weighted(
  explorer: Parameters<Sampler>[0],
  settings: Settings,
  step: Step,
  count: number,
): ReturnType<Sampler> {
  const { particles, resampleBelow, signal, seed } = settings;
  const islands = Array.from({ length: count }, (_, stream) =>
    islandOf(explorer, chooser(generator(seed, stream)), particles / count),
  );
  const resamplings: Resampling[] = [];
  const sizes: number[] = [];
  for await (const growth of grow(explorer, islands, { step, resampleBelow, signal }, resamplings)) {
    sizes.push(growth.effectiveSampleSize);
    const all = islands.flatMap((island) => island.particles);
    if (growth.effectiveSampleSize === 0) throw allDead(all, growth.step - 1);
    yield { step: growth.step, particles: all, effectiveSampleSize: growth.effectiveSampleSize };
  }
  const all = islands.flatMap((island) => island.particles);
  const logWeights = all.map(({ logWeight }) => logWeight);
  const judged = judge(islands, logWeights, resampleBelow > 0);
  return {
    responses: chosenOf(all, settings.samples, chooser(generator(seed, count))),
    ...judged,
    effectiveSampleSize: effectiveSampleSize(logWeights),
    effectiveSampleSizes: sizes,
    guarantees: [weightedMeans(particles), RESPONSES],
    partitionGuarantees: [
      UNBIASED,
      certainlyAbove(judged.logPartition.estimate),
      intervalText(resampleBelow > 0, count),
    ],
    resamplings,
  };
}

/** `log Z` with its error: from the islands where particles depend on one another, else from the particles. */
const judge = (islands: readonly Island[], logWeights: readonly number[], resampled: boolean): JudgedPartition =>
  resampled
    ? partitionOfParticles(islands.map(({ particles }) => particles.map(({ logWeight }) => logWeight)))
    : partitionOfWeights(logWeights);

const intervalText = (resampled: boolean, islands: number): string => {
  const weights = "empirical likelihood with a Pareto tail for weights not seen, and room for 3 that may be 0";
  if (!resampled) return `the interval of log Z is by ${weights}`;
  return islands > 1
    ? `the standard error of log Z is by the scatter of ${islands} independent islands, the interval the wider of Student's t and, as if the final ` +
        `weights were independent, ${weights}`
    : "one island tells nothing of its own error: the interval of log Z has only the lower end of Markov's inequality";
};

/** Responses with their shares; or so many draws of them, in the order of the particles. */
const chosenOf = (
  particles: readonly Particle[],
  samples: number | undefined,
  choose: Choose,
): readonly WeightedParticle[] => {
  const total = logSum(particles.map(({ logWeight }) => logWeight));
  const shares = particles.map(({ logWeight }) => logWeight - total);
  if (samples !== undefined) {
    const drawn = systematicAncestors(Float64Array.from(shares, Math.exp), choose, samples);
    return equallyWeighted(Array.from(drawn, (place) => particles[place] as Particle));
  }
  return particles
    .map((particle, i) => ({ particle, logWeight: shares[i] as number }))
    .filter(({ particle }) => isResponse(particle));
};
