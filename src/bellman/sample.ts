import { END } from "../space/index.ts";
import { armOf } from "./arm.ts";
import { logPolicyAt } from "./policy.ts";
import { generator, type RandomGenerator, uniform } from "./random.ts";
import type { Arm, Model } from "./soft-bellman.ts";

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
  const random = generator(options.seed);
  const draw = drawerOf(arm);
  const offsets = new Float64Array(count + 1);
  const logProbabilities = new Float64Array(count);
  let tokens = new Int32Array(Math.max(16, 4 * count));
  let used = 0;
  for (let i = 0; i < count; i++) {
    if (used + space.horizon > tokens.length) tokens = grown(tokens, used + space.horizon);
    let logProbability = 0;
    for (let [depth, state] = [0, space.start]; state !== END; depth++) {
      const arc = draw(depth, state, random);
      const layer = space.layer(depth);
      const action = layer.action(arc, state);
      if (action < space.tokens.length) tokens[used++] = action;
      logProbability += logPolicyAt(arm, depth, arc, state);
      state = layer.target(arc, state);
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

/** Draws one of a state's arcs by the policy; cumulative probabilities are filled in as states are visited. */
const drawerOf = (arm: Arm): ((depth: number, state: number, random: RandomGenerator) => number) => {
  const { space, levels } = arm.logits;
  const layers = levels.map((_, depth) => space.layer(depth));
  const cumulative = levels.map((level) => new Float64Array(level.length));
  const filled = layers.map(({ states }) => new Uint8Array(states));
  return (depth, state, random) => {
    const layer = layers[depth] as (typeof layers)[number];
    const sums = cumulative[depth] as Float64Array;
    const known = filled[depth] as Uint8Array;
    const begin = layer.firstArc(state);
    const end = layer.firstArc(state + 1);
    if (known[state] === 0) {
      let sum = 0;
      for (let arc = begin; arc < end; arc++) {
        sum += Math.exp(logPolicyAt(arm, depth, arc, state));
        sums[arc] = sum;
      }
      known[state] = 1;
    }
    return firstAbove(sums, begin, end - 1, uniform(random) * (sums[end - 1] as number));
  };
};

/** Rows up to this long are scanned; longer ones are halved. */
const SCANNED = 16;

/** First arc of `[low, high]` whose cumulative probability is above `u`: never one of probability 0. */
const firstAbove = (sums: Float64Array, low: number, high: number, u: number): number => {
  // u times the total may round up to the total itself: the last arc of positive probability then
  const target = Math.min(u, (sums[high] as number) * (1 - 2 ** -53));
  while (high - low > SCANNED) {
    const middle = (low + high) >>> 1;
    if ((sums[middle] as number) > target) high = middle;
    else low = middle + 1;
  }
  let arc = low;
  while ((sums[arc] as number) <= target) arc++;
  return arc;
};
