import { generator } from "../bellman/index.ts";
import { countResponses, type Table, type Tree, table } from "../space/index.ts";
import { logGamma, normal, shuffled } from "./draws.ts";

/**
 * A target whose responses follow Zipf's law: weight `rank^−exponent`, ranks given out by a seeded shuffle.
 *
 * Like all targets here it is a reward on whole responses: 0 everywhere but on the action that ends a response, where it
 * is the response's log-weight, in nats. Source: theory §10 (arXiv 2512.15605, Appendix C).
 *
 * @param options.exponent default 1
 * @throws RangeError where the exponent is not finite or the tree has more than 2³¹ − 1 responses
 * @example
 * ```ts
 * import { zipfTarget } from "arbel/learn";
 * import { mode, tree } from "arbel";
 * const target = zipfTarget(tree({ tokens: 8, horizon: 4, eos: false }), { seed: 7 });
 * console.log(Math.exp(mode(target).logProbability)); // 1 / (1 + 1/2 + … + 1/4096)
 * ```
 */
export const zipfTarget = (space: Tree, options: { readonly exponent?: number; readonly seed: number }): Table => {
  const { exponent = 1, seed } = options;
  if (!Number.isFinite(exponent)) throw new RangeError(`"exponent" must be finite, got ${exponent}`);
  const ranks = shuffled(generator(seed), responseCount(space));
  return onResponses(space, (index) => -exponent * Math.log((ranks[index] as number) + 1));
};

/**
 * A target drawn from the symmetric Dirichlet distribution over all responses.
 *
 * @param options.concentration `α > 0`: small gives a few heavy responses, 1 (default) is uniform over all targets
 * @throws RangeError where the concentration is not a finite number > 0
 */
export const dirichletTarget = (
  space: Tree,
  options: { readonly concentration?: number; readonly seed: number },
): Table => {
  const { concentration = 1, seed } = options;
  if (!(concentration > 0 && concentration < Infinity)) {
    throw new RangeError(`"concentration" must be a finite number > 0, got ${concentration}`);
  }
  const random = generator(seed);
  return onResponses(space, () => logGamma(random, concentration));
};

/**
 * A nearly uniform target: every response's log-weight is a normal number of mean 0.
 *
 * @param options.noise standard deviation, in nats, ≥ 0 (default 1)
 * @throws RangeError where the noise is not a finite number ≥ 0
 */
export const noisyTarget = (space: Tree, options: { readonly noise?: number; readonly seed: number }): Table => {
  const { noise = 1, seed } = options;
  if (!(noise >= 0 && noise < Infinity)) throw new RangeError(`"noise" must be a finite number ≥ 0, got ${noise}`);
  const random = generator(seed);
  return onResponses(space, () => noise * normal(random));
};

/** A reward on the action that ends each response, by the response's place among those of all depths. */
const onResponses = (space: Tree, logWeight: (index: number) => number): Table => {
  responseCount(space);
  let index = 0;
  return table(space, "reward", (prefix, action) => {
    const ends = action === space.tokens.length || prefix.length === space.horizon - 1;
    return ends ? logWeight(index++) : 0;
  });
};

const responseCount = (space: Tree): number => {
  if (space.kind !== "tree")
    throw new TypeError("a target over whole responses needs a tree: automata merge responses");
  const count = countResponses(space);
  if (count > 2n ** 31n - 1n) throw new RangeError(`the tree has ${count} responses, too many to weigh one by one`);
  return Number(count);
};
