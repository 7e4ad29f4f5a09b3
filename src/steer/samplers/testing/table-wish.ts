import { generator, policy, toLogits, uniform } from "../../../bellman/index.ts";
import { arcsOf, END, responses, type Space, type Table, tableOf } from "../../../space/index.ts";
import type { Potential } from "../../potentials/index.ts";

/** A guess `Û` of what is to come, by depth and state, in nats. */
export type Guess = (depth: number, state: number) => number;

/** No lookahead. */
export const noGuess: Guess = () => 0;

/** The potential of a reward on a space, with some guess of what is to come. */
export const tablePotential = (reward: Table, guess: Guess = noGuess, hard = false): Potential => {
  const { space } = reward;
  const end = space.tokens.length;
  const row = ({ depth, state }: Place): Float64Array => {
    const out = new Float64Array(end + 1).fill(-Infinity);
    const layer = space.layer(depth);
    for (let arc = layer.firstArc(state); arc < layer.firstArc(state + 1); arc++) {
      const value = (reward.levels[depth] as Float64Array)[arc] as number;
      const target = layer.target(arc, state);
      const next = target === END ? 0 : guess(depth + 1, target);
      if (value > -Infinity && next > -Infinity) out[layer.action(arc, state)] = value + next - guess(depth, state);
    }
    return out;
  };
  const potential: Potential<Place> = {
    name: "table",
    hard,
    start: () => ({ state: { depth: 0, state: space.start }, value: guess(0, space.start) }),
    rows: (states) => Promise.resolve(states.map(row)),
    advance: ({ depth, state }, token) => {
      const layer = space.layer(depth);
      return { depth: depth + 1, state: layer.target(layer.arcOf(state, token), state) };
    },
  };
  return potential;
};

interface Place {
  readonly depth: number;
  readonly state: number;
}

/** The exact conditional of a model and a reward, response by response. */
export const exactly = (model: Table, reward: Table) => {
  const logPolicy = policy(model);
  const sum = tableOf(
    model.space,
    "reward",
    logPolicy.levels.map((level, depth) =>
      level.map((x, arc) => {
        const r = (reward.levels[depth] as Float64Array)[arc] as number;
        return x === -Infinity || r === -Infinity ? -Infinity : x + r;
      }),
    ),
  );
  const { values, logPartition } = toLogits(sum);
  const scored = [...responses(model.space)].map((tokens) => ({
    tokens,
    logWeight: along(sum, tokens),
    logModel: along(logPolicy, tokens),
    logReward: along(reward, tokens),
  }));
  const guess: Guess = (depth, state) => (values[depth] as Float64Array)[state] as number;
  return { logPartition, guess, responses: scored };
};

const along = ({ space, levels }: Table, tokens: readonly number[]): number =>
  (arcsOf(space, tokens) as number[]).reduce(
    (sum, arc, depth) => sum + ((levels[depth] as Float64Array)[arc] as number),
    0,
  );

/** A guess that is off by even noise, of some width in nats. */
export const noisy = (guess: Guess, width: number, seed: number): Guess => {
  const noise = new Map<string, number>();
  const random = generator(seed);
  return (depth, state) => {
    const key = `${depth},${state}`;
    const known = noise.get(key) ?? width * (uniform(random) - 0.5);
    noise.set(key, known);
    return guess(depth, state) + known;
  };
};

/** A table of even numbers up to `scale` either way, of which some are −∞; EOS never. */
export const randomTable = (
  space: Space,
  kind: "logits" | "reward",
  options: { readonly seed: number; readonly scale: number; readonly forbidden?: number },
): Table => {
  const random = generator(options.seed);
  const levels = Array.from({ length: space.horizon }, (_, depth) => {
    const layer = space.layer(depth);
    const level = new Float64Array(layer.arcs);
    for (let state = 0; state < layer.states; state++) {
      for (let arc = layer.firstArc(state); arc < layer.firstArc(state + 1); arc++) {
        const [x, u] = [options.scale * (2 * uniform(random) - 1), uniform(random)];
        const token = layer.action(arc, state);
        const late = space.eos && depth === space.horizon - 1 && token < space.tokens.length;
        level[arc] = late || (u < (options.forbidden ?? 0) && token < space.tokens.length) ? -Infinity : x;
      }
    }
    return level;
  });
  return tableOf(space, kind, levels);
};
