import { rewardAlong, toLogits } from "../bellman/index.ts";
import { normal } from "../learn/index.ts";
import { automaton, layered, type Space, type Table, tableOf, tree } from "../space/index.ts";
import { streamOf } from "./reward-laws.ts";

/** What one computation costs at one horizon. */
export interface Cost {
  readonly method: CostMethod;
  readonly horizon: number;
  /** Logits computed or asked for. */
  readonly arcs: number;
  /** Best wall time of several runs, in milliseconds. */
  readonly milliseconds: number;
}

/** A computation whose cost is followed over the horizon. */
export interface CostMethod {
  readonly id: string;
  readonly label: string;
  readonly horizons: readonly number[];
  /** Makes the input of one horizon; the function returned is what is timed. */
  prepare(horizon: number, seed: number): { readonly arcs: number; run(): unknown };
}

const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);
const LONG = [1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200];
const TOKENS = 8;
const STATES = 64;

/** `M` on trees, `M` on a space of merged states, and `M⁻¹` along one response. */
export const COST_METHODS: readonly CostMethod[] = [
  {
    id: "tree-8",
    label: "M, tree, V = 8",
    horizons: upTo(7),
    prepare: (horizon, seed) => onTree(TOKENS, horizon, seed),
  },
  { id: "tree-4", label: "M, tree, V = 4", horizons: upTo(10), prepare: (horizon, seed) => onTree(4, horizon, seed) },
  {
    id: "merged",
    label: "M, 64 merged states, V = 8",
    horizons: LONG,
    prepare: (horizon, seed) => onMerged(horizon, seed),
  },
  {
    id: "along",
    label: "M⁻¹ along a response",
    horizons: LONG,
    prepare: (horizon, seed) => along(horizon, seed),
  },
];

const onTree = (tokens: number, horizon: number, seed: number) =>
  sweepOf(randomReward(tree({ tokens, horizon, eos: false }), seed));

const onMerged = (horizon: number, seed: number) => {
  const random = streamOf(seed, "merged states");
  const arcs = Array.from({ length: STATES * TOKENS }, (_, i) => {
    const target = (random.next() >>> 0) % STATES;
    return [Math.floor(i / TOKENS), i % TOKENS, target] as const;
  });
  const machine = automaton({ tokens: TOKENS, states: STATES, start: 0, arcs, accept: Array(STATES).keys() });
  return sweepOf(randomReward(layered(machine, { horizon, eos: false }), seed));
};

const sweepOf = (reward: Table) => ({
  arcs: reward.levels.reduce((sum, level) => sum + level.length, 0),
  run: () => toLogits(reward, { kernel: "reference" }),
});

const randomReward = (space: Space, seed: number): Table => {
  const random = streamOf(seed, "cost");
  // large trees take long to fill: a block of random numbers is repeated
  const block = Float64Array.from({ length: 4096 }, () => normal(random));
  const levels = Array.from({ length: space.horizon }, (_, depth) => {
    const level = new Float64Array(space.layer(depth).arcs);
    for (let i = 0; i < level.length; i += block.length) level.set(block.subarray(0, level.length - i), i);
    return level;
  });
  return tableOf(space, "reward", levels);
};

const along = (horizon: number, seed: number) => {
  const random = streamOf(seed, "along");
  const logits = Array.from({ length: horizon }, () => Float64Array.from({ length: TOKENS }, () => normal(random)));
  const response = Array.from({ length: horizon }, () => (random.next() >>> 0) % TOKENS);
  return {
    arcs: horizon * TOKENS,
    run: () => rewardAlong({ logits: (prefix) => logits[prefix.length] as Float64Array, response, eos: false }),
  };
};

/** Times one computation at all its horizons: the best of several runs each. */
export const costsOf = (
  method: CostMethod,
  options: { readonly seed: number; readonly horizons?: readonly number[] },
): Cost[] =>
  (options.horizons ?? method.horizons).map((horizon) => {
    const { arcs, run } = method.prepare(horizon, options.seed);
    return { method, horizon, arcs, milliseconds: bestTime(run) };
  });

/** Shortest time of a run, in milliseconds: runs too short for the clock are timed in batches. */
const bestTime = (run: () => unknown): number => {
  let [best, spent, batch] = [Infinity, 0, 1];
  for (let round = 0; round < 3 || (spent < 25 && round < 40); round++) {
    const start = performance.now();
    for (let i = 0; i < batch; i++) run();
    const elapsed = performance.now() - start;
    best = Math.min(best, elapsed / batch);
    spent += elapsed;
    if (elapsed < 0.5) batch *= 4;
  }
  return best;
};

/** Factor by which a cost grows for one more token, at the largest horizon. */
export const growthPerToken = (costs: readonly Cost[], of: "arcs" | "milliseconds"): number => {
  const [before, last] = costs.slice(-2) as [Cost, Cost];
  return (last[of] / before[of]) ** (1 / (last.horizon - before.horizon));
};

/** Exponent `k` of a cost that grows as `T^k`, between the middle and the largest horizon. */
export const growthExponent = (costs: readonly Cost[], of: "arcs" | "milliseconds"): number => {
  const last = costs.at(-1) as Cost;
  const middle = costs[costs.length >> 1] as Cost;
  return Math.log(last[of] / middle[of]) / Math.log(last.horizon / middle.horizon);
};
