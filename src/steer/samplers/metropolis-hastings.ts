import { generator, type RandomGenerator, uniform } from "../../bellman/index.ts";
import { chooser } from "./choose.ts";
import { allDead } from "./dead-end-error.ts";
import type { Explorer } from "./explorer.ts";
import { RESPONSES, UNBIASED } from "./guarantees.ts";
import { type JudgedPartition, partitionOfWeights } from "./log-partition.ts";
import { mixedSampleSize } from "./mixed-sample-size.ts";
import { equallyWeighted, type Outcome, type Sampler } from "./outcome.ts";
import { actionsOf, ancestorOf, isResponse, type Particle } from "./particle.ts";
import { grow, type Island, islandOf } from "./population.ts";
import { systematicAncestors } from "./resample.ts";
import { weightedStep } from "./step.ts";

/** How a chain redraws its response: from which token on. */
type Cut = (current: Particle, random: RandomGenerator) => number;

/**
 * Independence Metropolis–Hastings: every move proposes a new response by the wish's guess, and goes there with probability
 * `min(1, w(y′)/w(y))`, with `w` the product of the incremental weights (theory §8).
 */
export const metropolisHastings: Sampler = (explorer, settings) =>
  chains(explorer, settings, {
    cut: () => 0,
    independent: true,
    text: "every move proposes a new response",
  });

/**
 * Block Metropolis–Hastings: a move keeps the first `k` tokens, redraws the rest by the wish's guess, and goes there with probability
 * `min(1, w_{≥k}(y′)/w_{≥k}(y) · τ(y)/τ(y′))`.
 *
 * `k` is uniform over the `τ(y)` tokens of the response, its end included: the way back chooses the same `k` with probability `1/τ(y′)`. The weights
 * before `k` are the same in both.
 */
export const blockMetropolisHastings: Sampler = (explorer, settings) =>
  chains(explorer, settings, {
    cut: (current, random) => Math.floor(uniform(random) * actionsOf(current)),
    independent: false,
    text: "every move redraws a response from a token on",
  });

async function* chains(
  explorer: Explorer,
  settings: Parameters<Sampler>[1],
  kind: { readonly cut: Cut; readonly independent: boolean; readonly text: string },
): ReturnType<Sampler> {
  const { particles: count, moves, samples, seed, signal } = settings;
  const [choose, random] = [chooser(generator(seed)), generator(seed, 1)];
  const island = islandOf(explorer, choose, count);
  const options = { step: weightedStep, resampleBelow: 0, signal };
  const sizes: number[] = [];
  for await (const { step, effectiveSampleSize } of grow(explorer, [island], options)) {
    if (effectiveSampleSize === 0) throw allDead(island.particles, step - 1);
    sizes.push(effectiveSampleSize);
    yield { step, share: 0, particles: island.particles, effectiveSampleSize };
  }
  const proposed = island.particles.map(({ logWeight }) => logWeight);
  let current = startOf(island);
  const states: (readonly Particle[])[] = [];
  let accepted = 0;
  for (let move = 0; move < moves; move++) {
    const cuts = current.map((particle) => kind.cut(particle, random));
    island.particles = current.map((particle, chain) => ancestorOf(particle, cuts[chain] as number));
    for await (const { step, effectiveSampleSize } of grow(explorer, [island], options)) {
      yield { step, share: move / moves, particles: island.particles, effectiveSampleSize };
    }
    if (kind.independent) proposed.push(...island.particles.map(({ logWeight }) => logWeight));
    current = current.map((before, chain) => {
      const after = island.particles[chain] as Particle;
      // a number is drawn for every chain, so that what one does changes no other
      if (!(Math.log(uniform(random)) < logRatio(before, after, kind.independent))) return before;
      accepted++;
      return after;
    });
    if (move >= Math.floor(moves / 2)) states.push(current);
  }
  return outcomeOf(states, samples, {
    judged: partitionOfWeights(proposed),
    sizes,
    text: `${kind.text}; ${((100 * accepted) / (moves * count)).toFixed(1)} % were accepted`,
  });
}

/** Where the chains begin: at draws of the first proposals by their weights, near the wished distribution already. */
const startOf = ({ particles, choose }: Island): readonly Particle[] => {
  const max = particles.reduce((most, { logWeight }) => Math.max(most, logWeight), -Infinity);
  const weights = Float64Array.from(particles, (particle) =>
    isResponse(particle) ? Math.exp(particle.logWeight - max) : 0,
  );
  return Array.from(systematicAncestors(weights, choose), (place) => particles[place] as Particle);
};

/** Logarithm of what a move is accepted with; a proposal that died is never. */
const logRatio = (before: Particle, after: Particle, independent: boolean): number => {
  if (!isResponse(after)) return -Infinity;
  const weights = after.logWeight - before.logWeight;
  return independent ? weights : weights + Math.log(actionsOf(before) / actionsOf(after));
};

const outcomeOf = (
  states: readonly (readonly Particle[])[],
  samples: number | undefined,
  run: { readonly judged: JudgedPartition; readonly sizes: readonly number[]; readonly text: string },
): Outcome => {
  const all = states.flat();
  const chosen =
    samples === undefined
      ? all
      : Array.from({ length: samples }, (_, i) => all[Math.floor(((i + 0.5) * all.length) / samples)] as Particle);
  const chainsOf = (states[0] as readonly Particle[]).map((_, chain) =>
    Float64Array.from(states, (state) => (state[chain] as Particle).logModel),
  );
  return {
    responses: equallyWeighted(chosen),
    ...run.judged,
    effectiveSampleSize: mixedSampleSize(chainsOf),
    effectiveSampleSizes: run.sizes,
    guarantees: [
      `in the long run: chains tend to the wished distribution as moves are added; ${run.text}, and the first half was thrown away`,
      "the effective sample size is that of the responses' log-probability under the model, by its autocorrelation between and within chains",
      RESPONSES,
    ],
    partitionGuarantees: [`${UNBIASED}; it is from the proposals that began anew`],
    warnings: run.judged.warnings,
  };
};
