import { generator } from "../../bellman/index.ts";
import { chooser } from "./choose.ts";
import { DeadEndError } from "./dead-end-error.ts";
import { RESPONSES, UNBIASED } from "./guarantees.ts";
import { partitionOfWeights } from "./log-partition.ts";
import { effectiveSampleSize as sizeOf } from "./log-weights.ts";
import { equallyWeighted, type Sampler } from "./outcome.ts";
import { isResponse, type Particle } from "./particle.ts";
import { grow, type Island, islandOf } from "./population.ts";
import { freeStep } from "./step.ts";

/**
 * The best of `n` responses of the model alone, by `φ`; as many times as samples are wanted.
 *
 * Not the wished distribution: it has no temperature, but `KL(best of n‖model) ≤ log n − (n − 1)/n` (Beirami et al., arXiv 2401.01879), where that
 * none of the `n` meets the wish is an outcome too. Given that one does, which has probability `P`, a response `y` is returned with probability
 * at most `n·π(y)/P`, so that its law is within `log n − log P` of the model.
 */
export async function* bestOfN(...[explorer, settings]: Parameters<Sampler>): ReturnType<Sampler> {
  const { particles, samples = 1, signal, seed } = settings;
  const islands = Array.from({ length: samples }, (_, stream) =>
    islandOf(explorer, chooser(generator(seed, stream)), particles),
  );
  const sizes: number[] = [];
  const options = { step: freeStep, resampleBelow: 0, signal };
  for await (const { step, effectiveSampleSize } of grow(explorer, islands, options)) {
    sizes.push(effectiveSampleSize);
    yield { step, particles: islands.flatMap((island) => island.particles), effectiveSampleSize };
  }
  const bests = islands.map(bestOf).filter((best) => best !== undefined);
  if (bests.length === 0) {
    throw new DeadEndError(
      `none of ${samples * particles} responses of the model met the wish: take more particles, or a sampler that looks ahead`,
      0,
    );
  }
  const logWeights = islands.flatMap((island) => island.particles.map(({ logWeight }) => logWeight));
  const lost = samples - bests.length;
  const { logPartition, warnings } = partitionOfWeights(logWeights);
  const bound = Math.log(particles) - (particles - 1) / particles;
  const found = bests.length / samples;
  return {
    responses: equallyWeighted(bests),
    logPartition,
    effectiveSampleSize: sizeOf(logWeights),
    effectiveSampleSizes: sizes,
    guarantees: [
      `the best of ${particles} by log-weight, not the wished distribution: KL(best of ${particles}‖model) ≤ ${bound.toFixed(3)} nats, where to find nothing ` +
        `is an outcome too; of what was returned ≤ log(${particles}/P) nats, with P the chance to find something: ${bests.length} of ${samples} tries did, ` +
        `which makes it about ${Math.log(particles / found).toFixed(3)}`,
      RESPONSES,
    ],
    partitionGuarantees: [UNBIASED],
    warnings: [...(lost > 0 ? [`in ${lost} of ${samples} tries no response met the wish`] : []), ...warnings],
  };
}

/** The response of largest weight, of equal ones the first. */
const bestOf = ({ particles }: Island): Particle | undefined =>
  particles
    .filter(isResponse)
    .reduce<Particle | undefined>((best, one) => (!best || one.logWeight > best.logWeight ? one : best), undefined);
