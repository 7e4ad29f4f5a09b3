import fc from "fast-check";
import { automaton, layered, type Space, type Table, tableOfArcs, tree } from "../../space/index.ts";
import { generator, gumbel, type RandomGenerator, uniform } from "../random.ts";

/** How the numbers of a random table are drawn. */
export interface Numbers {
  readonly seed: number;
  /** Spread of the numbers, in nats. */
  readonly scale: number;
  /** Added to every number, in nats. */
  readonly offset: number;
  /** Probability of −∞. */
  readonly forbidden: number;
}

/** Laws of random numbers: usual, wide, shifted far, and with many −∞. */
const numbers: fc.Arbitrary<Numbers> = fc.record({
  seed: fc.nat(),
  scale: fc.constantFrom(1, 1, 40),
  offset: fc.constantFrom(0, 0, 5_000, -5_000),
  forbidden: fc.constantFrom(0, 0.2, 0.5),
});

const trees: fc.Arbitrary<Space> = fc
  .record({ tokens: fc.integer({ min: 1, max: 3 }), horizon: fc.integer({ min: 1, max: 4 }), eos: fc.boolean() })
  .map(tree);

const automata: fc.Arbitrary<Space> = fc
  .record({
    tokens: fc.integer({ min: 1, max: 3 }),
    states: fc.integer({ min: 1, max: 4 }),
    horizon: fc.integer({ min: 1, max: 4 }),
    eos: fc.boolean(),
    seed: fc.nat(),
  })
  .map(({ tokens, states, horizon, eos, seed }) => {
    const random = generator(seed);
    const all = Array.from({ length: states }, (_, state) => state);
    const arcs = all.flatMap((from) =>
      Array.from({ length: tokens }, (_, token) => [from, token, Math.floor(uniform(random) * states)] as const),
    );
    const machine = automaton({
      tokens,
      states,
      start: 0,
      arcs: arcs.filter(() => uniform(random) < 0.8),
      accept: all.filter(() => uniform(random) < 0.6),
    });
    return layered(machine, { horizon, eos });
  });

/** Small random spaces of every kind. */
const spaces: fc.Arbitrary<Space> = fc.oneof(trees, automata);

/** A random table on a space. */
export const randomTable = (space: Space, kind: Table["kind"], numbers: Numbers): Table => {
  const random = generator(numbers.seed);
  return tableOfArcs(space, kind, () => drawNumber(random, numbers));
};

const drawNumber = (random: RandomGenerator, { scale, offset, forbidden }: Numbers): number =>
  uniform(random) < forbidden ? -Infinity : offset + scale * (gumbel(random) - 0.5);

/** Small random rewards. */
export const rewards: fc.Arbitrary<Table> = fc
  .tuple(spaces, numbers)
  .map(([space, law]) => randomTable(space, "reward", law));

/** Pairs of small random rewards on one space. */
export const rewardPairs: fc.Arbitrary<readonly [Table, Table]> = fc
  .tuple(spaces, numbers, numbers)
  .map(([space, p, q]) => [randomTable(space, "reward", p), randomTable(space, "reward", { ...q, offset: p.offset })]);
