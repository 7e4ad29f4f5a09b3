import { generator, type RandomGenerator, toLogits, uniform } from "../../bellman/index.ts";
import { normal } from "../../learn/index.ts";
import { automaton, countResponses, layered, type Space, type Table, tableOfArcs, tree } from "../../space/index.ts";

/** A student and the target it should be, on a space that can be enumerated. */
export interface CertifiedPair {
  readonly student: Table;
  readonly target: Table;
  /** Standard deviation of what was added to the target's logits, in nats. */
  readonly scale: number;
}

/**
 * A random pair, of any difficulty: a tree or an automaton of 3 to 20,000 responses, normal rewards, and as the student the target's
 * logits with normal noise whose scale is drawn, evenly over its logarithm, from 0.1 to 3.
 */
export const certifiedPair = (seed: number): CertifiedPair => {
  const random = generator(seed);
  const space = spaceOf(random);
  const target = tableOfArcs(space, "reward", () => normal(random));
  const scale = 0.1 * 30 ** uniform(random);
  const { logits } = toLogits(target);
  const levels = logits.levels.map((level) => level.map((q) => q + scale * normal(random)));
  return { student: { ...logits, levels }, target, scale };
};

const below = (random: RandomGenerator, count: number): number => Math.floor(uniform(random) * count);

const spaceOf = (random: RandomGenerator): Space => {
  for (;;) {
    const shape = { tokens: 2 + below(random, 7), horizon: 2 + below(random, 5), eos: uniform(random) < 0.5 };
    const space = uniform(random) < 0.5 ? tree(shape) : mergedSpace(random, shape);
    const count = countResponses(space);
    if (count >= 3n && count <= 20_000n) return space;
  }
};

const mergedSpace = (random: RandomGenerator, shape: { tokens: number; horizon: number; eos: boolean }): Space => {
  const { tokens, ...rest } = shape;
  const states = 2 + below(random, 5);
  const all = Array.from({ length: states }, (_, state) => state);
  const arcs = all.flatMap((from) =>
    Array.from({ length: tokens }, (_, token) => [from, token, below(random, states)] as const),
  );
  const kept = arcs.filter(() => uniform(random) < 0.85);
  return layered(automaton({ tokens, states, start: 0, arcs: kept, accept: all }), rest);
};
