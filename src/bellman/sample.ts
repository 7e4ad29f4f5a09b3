import { END, type Layer, type Space } from "../space/index.ts";
import { armOf } from "./arm.ts";
import { type PolicyRow, policyRow } from "./policy-row.ts";
import { generator, type RandomGenerator, uniform } from "./random.ts";
import type { Model } from "./soft-bellman.ts";

/** Independent responses, kept side by side in typed arrays. */
export interface Samples {
  /** Number of responses. */
  readonly count: number;
  /** Tokens of all responses, one after the other, without EOS. */
  readonly tokens: Int32Array;
  /** The tokens of response `i` are `tokens[offsets[i]] … tokens[offsets[i + 1] − 1]`, `[count + 1]`. */
  readonly offsets: Float64Array;
  /** `log p(y)` of each response, in nats, `[count]`. */
  readonly logProbabilities: Float64Array;
  /** Tokens of response `i`, a view. */
  response(i: number): Int32Array;
}

/**
 * Independent, exact samples of a model.
 *
 * Each token is drawn from the policy by its cumulative probabilities, which are worked out once per state visited.
 *
 * @param options.seed a whole number from 0 to 2³² − 1; the same seed gives the same samples
 * @throws RangeError where the count is not a whole number ≥ 0; EmptyModelError where no response has positive probability
 * @example
 * ```ts
 * import { sample, table, textOf, tree } from "arbel";
 * const space = tree({ tokens: ["a", "b"], horizon: 5, eos: true });
 * const samples = sample(table(space, "reward", () => 0), 1_000, { seed: 7 });
 * console.log(textOf(space, samples.response(0)), samples.logProbabilities[0]);
 * ```
 */
export const sample = (model: Model, count: number, options: { readonly seed: number }): Samples => {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new RangeError(`"count" must be a whole number ≥ 0, got ${String(count)}`);
  }
  const arm = armOf(model);
  const { space } = arm.logits;
  const vocabulary = space.tokens.length;
  const random = generator(options.seed);
  const row = policyRow(arm);
  const depths = arm.logits.levels.map((_, depth) => drawsOf(space, row, depth));
  const offsets = new Float64Array(count + 1);
  const logProbabilities = new Float64Array(count);
  let tokens = new Int32Array(Math.max(16, 4 * count));
  let used = 0;
  for (let i = 0; i < count; i++) {
    if (used + space.horizon > tokens.length) tokens = grown(tokens, used + space.horizon);
    let logProbability = 0;
    for (let depth = 0, state = space.start; state !== END; depth++) {
      const draws = depths[depth] as Draws;
      const arc = drawArc(draws, state, random);
      const action = draws.layer.action(arc, state);
      if (action < vocabulary) tokens[used++] = action;
      logProbability += draws.logPolicy[arc] as number;
      state = draws.layer.target(arc, state);
    }
    logProbabilities[i] = logProbability;
    offsets[i + 1] = used;
  }
  return {
    count,
    tokens: tokens.subarray(0, used),
    offsets,
    logProbabilities,
    response: (i) => tokens.subarray(offsets[i], offsets[i + 1]),
  };
};

const grown = (tokens: Int32Array, needed: number): Int32Array<ArrayBuffer> => {
  const larger = new Int32Array(Math.max(2 * tokens.length, needed));
  larger.set(tokens);
  return larger;
};

/** The policy of one depth, worked out row by row as states are visited. */
interface Draws {
  readonly row: PolicyRow;
  readonly depth: number;
  readonly layer: Layer;
  /** 1 where a state's row is filled in, `[states]`. */
  readonly filled: Uint8Array;
  /** `log π`, `[arcs]`. */
  readonly logPolicy: Float64Array;
  /** Cumulative `π` along each row, `[arcs]`. */
  readonly cumulative: Float64Array;
}

const drawsOf = (space: Space, row: PolicyRow, depth: number): Draws => {
  const layer = space.layer(depth);
  const [logPolicy, cumulative] = [new Float64Array(layer.arcs), new Float64Array(layer.arcs)];
  return { row, depth, layer, filled: new Uint8Array(layer.states), logPolicy, cumulative };
};

const fillRow = ({ row, depth, layer, filled, logPolicy, cumulative }: Draws, state: number): void => {
  row.read(depth, state);
  const first = layer.firstArc(state);
  const count = layer.firstArc(state + 1) - first;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    logPolicy[first + i] = row.logPolicy[i] as number;
    sum += row.probability[i] as number;
    cumulative[first + i] = sum;
  }
  filled[state] = 1;
};

/** Rows up to this long are scanned; longer ones are halved. */
const SCANNED = 16;

/** Draws an arc of a state: the first whose cumulative probability is above a uniform number, never one of probability 0. */
const drawArc = (draws: Draws, state: number, random: RandomGenerator): number => {
  const { layer, cumulative } = draws;
  if (draws.filled[state] === 0) fillRow(draws, state);
  let low = layer.firstArc(state);
  let high = layer.firstArc(state + 1) - 1;
  const total = cumulative[high] as number;
  // u times the total may round up to the total itself: the last arc of positive probability then
  const target = Math.min(uniform(random) * total, total * (1 - 2 ** -53));
  while (high - low > SCANNED) {
    const middle = (low + high) >>> 1;
    if ((cumulative[middle] as number) > target) high = middle;
    else low = middle + 1;
  }
  while ((cumulative[low] as number) <= target) low++;
  return low;
};
