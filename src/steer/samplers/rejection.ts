import { generator, uniform } from "../../bellman/index.ts";
import { chooser } from "./choose.ts";
import { DeadEndError } from "./dead-end-error.ts";
import { RESPONSES } from "./guarantees.ts";
import { partitionOfWeights } from "./log-partition.ts";
import { equallyWeighted, type Outcome, type Sampler } from "./outcome.ts";
import { isResponse, type Particle } from "./particle.ts";
import { grow, islandOf } from "./population.ts";
import type { Settings } from "./settings.ts";
import { freeStep } from "./step.ts";

/**
 * Plain rejection: responses of the model alone, each kept with probability `e^{φ − B}`, with `B` the largest `φ`: what is kept is exactly distributed as
 * wished.
 *
 * Attempts are made in rounds, and judged in the order in which they began, for those that end first are shorter. An attempt is given up as
 * soon as the wish forbids a token.
 */
export async function* rejection(...[explorer, settings, facts]: Parameters<Sampler>): ReturnType<Sampler> {
  const { particles, samples = particles, attempts, signal, seed } = settings;
  const largest = largestOf(settings, facts.hard);
  const random = generator(seed, 1);
  const choose = chooser(generator(seed));
  const logWeights: number[] = [];
  const kept: Particle[] = [];
  const sizes: number[] = [];
  while (kept.length < samples && logWeights.length < attempts) {
    const count = Math.min(particles, attempts - logWeights.length);
    const island = islandOf(explorer, choose, count);
    for await (const { step, effectiveSampleSize } of grow(explorer, [island], {
      step: freeStep,
      resampleBelow: 0,
      signal,
    })) {
      if (logWeights.length === 0) sizes.push(effectiveSampleSize);
      // where nothing is kept, the run ends with its attempts
      const share = Math.max(kept.length / samples, logWeights.length / attempts);
      yield { step, share, particles: island.particles, effectiveSampleSize };
    }
    for (const particle of island.particles) {
      if (kept.length === samples) break;
      if (particle.logWeight > largest + SLACK) throw aboveLargest(particle.logWeight, largest);
      logWeights.push(particle.logWeight);
      // a number is drawn for every attempt, so that what one does changes no other
      if (Math.log(uniform(random)) < particle.logWeight - largest && isResponse(particle)) kept.push(particle);
    }
  }
  return outcomeOf(kept, logWeights, samples, sizes);
}

/** By rounding alone `φ` may be above its largest value. */
const SLACK = 1e-9;

const largestOf = ({ largest }: Settings, hard: boolean): number => {
  if (largest !== undefined) return largest;
  if (hard) return 0;
  throw new RangeError(
    '"largest" is missing: rejection must know the largest log-weight of any response, unless the wish is a hard constraint',
  );
};

const aboveLargest = (logWeight: number, largest: number): Error =>
  new RangeError(`"largest" is ${largest}, but a response has the log-weight ${logWeight}: raise it`);

const outcomeOf = (
  kept: readonly Particle[],
  logWeights: readonly number[],
  samples: number,
  sizes: readonly number[],
): Outcome => {
  const tried = logWeights.length;
  if (kept.length === 0) {
    throw new DeadEndError(
      `none of ${tried} attempts met the wish: allow more attempts, or take a sampler that looks ahead`,
      0,
    );
  }
  // without the attempt that was waited for, the mean is unbiased; one success alone leaves nothing else
  const counted = kept.length === samples && samples > 1 ? logWeights.slice(0, -1) : logWeights;
  const short = kept.length < samples ? [`only ${kept.length} of ${samples} were kept in ${tried} attempts`] : [];
  const { logPartition, warnings } = partitionOfWeights(counted);
  return {
    responses: equallyWeighted(kept),
    logPartition,
    effectiveSampleSize: kept.length,
    effectiveSampleSizes: sizes,
    guarantees: [
      `exact: the responses are independent draws from the wished distribution; ${kept.length} of ${tried} attempts were kept`,
      RESPONSES,
    ],
    partitionGuarantees: [
      samples > 1
        ? "unbiased: the estimate of Z is the mean of exp φ over the attempts before the last one kept, which is Z in the mean over runs"
        : "with one response wanted, the estimate of Z is too high in the mean over runs: want two or more",
    ],
    warnings: [...short, ...warnings],
  };
};
