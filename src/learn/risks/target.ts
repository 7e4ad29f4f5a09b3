import { policy } from "../../bellman/index.ts";
import { END, type Space, type Table } from "../../space/index.ts";

/** How far a target's mass may be from 1. */
const MASS_TOLERANCE = 1e-6;

/**
 * Probability of every response under a table's distribution, in the order of `responses(space)`.
 *
 * @throws EmptyModelError where no response has positive probability
 */
export const targetProbabilities = (target: Table): Float64Array => {
  const { space, levels } = policy(target);
  const probabilities: number[] = [];
  visit(space, levels, 0, space.start, 0, probabilities);
  return Float64Array.from(probabilities);
};

const visit = (
  space: Space,
  levels: readonly Float64Array[],
  depth: number,
  state: number,
  logProbability: number,
  out: number[],
): void => {
  const layer = space.layer(depth);
  const end = layer.firstArc(state + 1);
  for (let arc = layer.firstArc(state); arc < end; arc++) {
    if (layer.arcOf(state, layer.action(arc, state)) < 0) continue;
    const target = layer.target(arc, state);
    const along = logProbability + ((levels[depth] as Float64Array)[arc] as number);
    if (target === END) out.push(Math.exp(along));
    else visit(space, levels, depth + 1, target, along, out);
  }
};

/** A target of a conditional model: one for each prompt, asked for equally often. */
export type Targets = Float64Array | readonly Float64Array[];

/**
 * The probabilities `[prompts × responses]` of targets, checked.
 *
 * @throws RangeError where there is not one for each prompt and response, one is negative or NaN, or they do not sum to 1
 */
export const checkedTargets = (targets: Targets, prompts: number, responses: number): readonly Float64Array[] => {
  const list = targets instanceof Float64Array ? [targets] : targets;
  const expected = Math.max(1, prompts);
  if (list.length !== expected) {
    throw new RangeError(`"target" must hold one distribution for each of ${expected} prompts, got ${list.length}`);
  }
  list.forEach((target, prompt) => {
    const name = prompts > 0 ? `"target[${prompt}]"` : `"target"`;
    if (target.length !== responses) {
      throw new RangeError(
        `${name} must hold one probability for each of ${responses} responses, got ${target.length}`,
      );
    }
    let mass = 0;
    target.forEach((probability, index) => {
      if (!(probability >= 0)) {
        throw new RangeError(`${name} gives response ${index} the probability ${probability}: it must be a number ≥ 0`);
      }
      mass += probability;
    });
    if (!(Math.abs(mass - 1) <= MASS_TOLERANCE)) {
      throw new RangeError(`${name} must sum to 1, got ${mass}: divide it by its sum`);
    }
  });
  return list;
};

/** Entropy `−Σ p log p` of a distribution, in nats. */
const entropyOf = (probabilities: Float64Array): number =>
  probabilities.reduce((sum, p) => (p > 0 ? sum - p * Math.log(p) : sum), 0);

/** Mean of the targets' entropies: each prompt is asked for equally often. */
export const meanEntropy = (targets: readonly Float64Array[]): number =>
  targets.reduce((sum, target) => sum + entropyOf(target), 0) / targets.length;
