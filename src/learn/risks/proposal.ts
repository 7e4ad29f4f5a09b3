import { armOf, type Model, policy, type RandomGenerator, uniform } from "../../bellman/index.ts";
import { END, type Space } from "../../space/index.ts";
import type { Engine, Resident } from "../engine/engine.ts";
import { type Tensors, tensor } from "../engine/tensor.ts";
import { type Architecture, firstToken } from "../models/architecture.ts";
import { armSequenceLogits } from "../models/arm.ts";
import { initialWeights } from "../models/initialise.ts";
import type { Rows } from "./rows.ts";

/**
 * An autoregressive distribution that is easy to draw from, and should be positive wherever the model to learn is.
 *
 * Asynchronous, since the one that proposes may be a Transformer on an engine.
 */
export interface Proposal {
  /** Largest number of actions of a response. */
  readonly horizon: number;
  /** Responses that begin with the first `keep[i]` actions of row `i`, the rest drawn; rows that ended before stay as they are. */
  extend(rows: Rows, keep: Int32Array, random: RandomGenerator): Promise<Rows>;
  /** `log π` of every action, `[count × horizon]`, in nats; 0 after the end. */
  logPolicy(rows: Rows): Promise<Float64Array>;
  /** Frees what it holds on an engine. */
  dispose(): Promise<void>;
}

/** New responses from a proposal. */
export const propose = (proposal: Proposal, count: number, random: RandomGenerator): Promise<Rows> => {
  const { horizon } = proposal;
  const empty: Rows = {
    count,
    horizon,
    tokens: new Int32Array(count * horizon),
    lengths: new Int32Array(count).fill(horizon),
  };
  return proposal.extend(empty, new Int32Array(count), random);
};

/** Sums of each row from its action `from[i]` on, of numbers `[count × horizon]`; whole rows without `from`. */
export const rowSums = (numbers: Float64Array, horizon: number, from?: ArrayLike<number>): Float64Array => {
  const sums = new Float64Array(numbers.length / horizon);
  for (let row = 0; row < sums.length; row++) {
    let sum = 0;
    for (let t = from?.[row] ?? 0; t < horizon; t++) sum += numbers[row * horizon + t] as number;
    sums[row] = sum;
  }
  return sums;
};

/** Draws an action from `log π` by its cumulative probabilities. */
const drawAction = (logPolicy: (action: number) => number, actions: number, random: RandomGenerator): number => {
  let left = uniform(random);
  let last = 0;
  for (let action = 0; action < actions; action++) {
    const probability = Math.exp(logPolicy(action));
    if (probability === 0) continue;
    if (left < probability) return action;
    left -= probability;
    last = action;
  }
  return last;
};

/**
 * A proposal from anything that has a table: an n-gram model, a small model's table, the target itself.
 *
 * Merged states make this cheap on spaces far too large to enumerate.
 *
 * @throws EmptyModelError where no response has positive probability
 */
export const tableProposal = (model: Model): Proposal => {
  const arm = armOf(model);
  const { space, levels } = policy(arm);
  const { horizon } = space;
  /** `log π` of an action at a state, and where it leads. */
  const step = (depth: number, state: number, action: number): readonly [logPolicy: number, target: number] => {
    const layer = space.layer(depth);
    const arc = layer.arcOf(state, action);
    return arc < 0 ? [-Infinity, END] : [(levels[depth] as Float64Array)[arc] as number, layer.target(arc, state)];
  };
  return {
    horizon,
    extend: (rows, keep, random) => Promise.resolve(extended(space, step, rows, keep, random)),
    logPolicy: (rows) => {
      const out = new Float64Array(rows.count * horizon);
      for (let row = 0; row < rows.count; row++) {
        let state = space.start;
        for (let t = 0; t < (rows.lengths[row] as number) && state !== END; t++) {
          const [logPolicy, target] = step(t, state, rows.tokens[row * horizon + t] as number);
          out[row * horizon + t] = logPolicy;
          state = target;
        }
      }
      return Promise.resolve(out);
    },
    dispose: () => Promise.resolve(),
  };
};

const extended = (
  space: Space,
  step: (depth: number, state: number, action: number) => readonly [number, number],
  rows: Rows,
  keep: Int32Array,
  random: RandomGenerator,
): Rows => {
  const { horizon, actions } = space;
  const tokens = new Int32Array(rows.tokens.length);
  const lengths = new Int32Array(rows.count);
  for (let row = 0; row < rows.count; row++) {
    const kept = Math.min(keep[row] as number, rows.lengths[row] as number);
    let state = space.start;
    let depth = 0;
    while (state !== END) {
      const action =
        depth < kept
          ? (rows.tokens[row * horizon + depth] as number)
          : drawAction((a) => step(depth, state, a)[0], actions, random);
      tokens[row * horizon + depth] = action;
      state = step(depth, state, action)[1];
      depth++;
    }
    lengths[row] = depth;
  }
  return { count: rows.count, horizon, tokens, lengths };
};

/**
 * A proposal from a causal Transformer, for example one trained on the same data.
 *
 * Draws `horizon` times through the whole sequence: fine for short responses. The weights are those of the resident at each
 * call.
 *
 * @param options.size responses in a chunk (default 128)
 */
export const armProposal = async (options: {
  readonly engine: Engine;
  readonly model: Architecture;
  readonly weights: Resident;
  readonly size?: number;
}): Promise<Proposal> => {
  const { engine, model, weights, size = 128 } = options;
  if (model.kind !== "arm" || model.prompts > 0) throw new RangeError("a proposal must be an ARM without prompts");
  const { horizon, actions, eos } = model;
  const logits = armSequenceLogits(model);
  const compiled = await engine.compile((parameters, chunk) => ({ logits: logits(parameters, chunk) }), {
    resident: initialWeights(model, 0),
    chunk: { tokens: tensor([size, horizon], new Int32Array(size * horizon)) },
  });
  /** Normalised `log π` `[count × horizon × actions]`; at the last depth of a space with EOS only EOS. */
  const rowsOf = async (rows: Rows): Promise<Float64Array> => {
    const chunks = Array.from({ length: Math.ceil(rows.count / size) }, (_, chunk): Tensors => {
      const inputs = new Int32Array(size * horizon).fill(firstToken(model));
      for (let i = 0; i < Math.min(size, rows.count - chunk * size); i++) {
        const row = chunk * size + i;
        inputs.set(rows.tokens.subarray(row * horizon, (row + 1) * horizon - 1), i * horizon + 1);
      }
      return { tokens: tensor([size, horizon], inputs) };
    });
    const out = new Float64Array(chunks.length * size * horizon * actions);
    (await compiled.map(weights, chunks)).forEach((output, chunk) => {
      out.set((output.logits as Tensors[string]).data, chunk * size * horizon * actions);
    });
    for (let row = 0; row < rows.count * horizon; row++) {
      normalise(out.subarray(row * actions, (row + 1) * actions), eos && row % horizon === horizon - 1);
    }
    return out;
  };
  return {
    horizon,
    extend: async (rows, keep, random) => {
      const tokens = rows.tokens.slice();
      const lengths = Int32Array.from(rows.lengths);
      const open = Uint8Array.from(lengths, (length, row) => ((keep[row] as number) < length ? 1 : 0));
      const current: Rows = { ...rows, tokens, lengths };
      for (let t = Math.min(...keep); t < horizon; t++) {
        const all = await rowsOf(current);
        for (let row = 0; row < rows.count; row++) {
          if (open[row] === 0 || t < (keep[row] as number)) continue;
          const offset = (row * horizon + t) * actions;
          const action = drawAction((a) => all[offset + a] as number, actions, random);
          tokens[row * horizon + t] = action;
          if (eos ? action === actions - 1 : t === horizon - 1) {
            open[row] = 0;
            lengths[row] = t + 1;
            tokens.fill(0, row * horizon + t + 1, (row + 1) * horizon);
          }
        }
      }
      return current;
    },
    logPolicy: async (rows) => {
      const all = await rowsOf(rows);
      const out = new Float64Array(rows.count * horizon);
      for (let row = 0; row < rows.count; row++) {
        for (let t = 0; t < (rows.lengths[row] as number); t++) {
          const place = row * horizon + t;
          out[place] = all[place * actions + (rows.tokens[place] as number)] as number;
        }
      }
      return out;
    },
    dispose: () => compiled.dispose(),
  };
};

/** Turns logits into `log π`, in place; EOS is the last action. */
const normalise = (logits: Float64Array, eosAlone: boolean): void => {
  if (eosAlone) {
    logits.fill(-Infinity).set([0], logits.length - 1);
    return;
  }
  let max = -Infinity;
  for (const logit of logits) max = Math.max(max, logit);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - max);
  const value = max + Math.log(sum);
  for (let a = 0; a < logits.length; a++) logits[a] = (logits[a] as number) - value;
};
