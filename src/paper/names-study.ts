import {
  bestResponses,
  generator,
  kl,
  policy,
  sample,
  softValues,
  toLogits,
  toReward,
  uniform,
} from "../bellman/index.ts";
import { type LayeredAutomaton, type Table, textOf } from "../space/index.ts";
import { seedOf } from "./reward-laws.ts";

/** What `M⁻¹` and `M` do on the model of names. */
export interface NameRoundTrip {
  readonly states: number;
  readonly arcs: number;
  /** Largest soft value of the fitted, normalised logits, in nats. */
  readonly largestValue: number;
  /** Largest difference between `M⁻¹(q)` and `log π`, in nats. */
  readonly rewardIsPolicy: number;
  /** Largest `|M(M⁻¹(q)) − q|`, in nats. */
  readonly roundTrip: number;
  /** `log Z` of `M⁻¹(q)`, in nats. */
  readonly logPartition: number;
  /** The same model with a random constant added to the logits of every state. */
  readonly shifted: {
    /** The constant at the start, in nats. */
    readonly constant: number;
    /** `log Z` of its reward, in nats. */
    readonly logPartition: number;
    /** Largest change of a reward, in nats. */
    readonly rewardChange: number;
    /** Divergence between the two models, in nats. */
    readonly kl: number;
  };
  readonly best: readonly { readonly name: string; readonly probability: number }[];
  readonly samples: readonly string[];
}

/** Takes the model through `M⁻¹` and `M`, as it is and in another gauge (theory §4). */
export const studyNames = (
  model: Table & { readonly space: LayeredAutomaton },
  options: { readonly seed: number },
): NameRoundTrip => {
  const reward = toReward(model);
  const back = toLogits(reward);
  const seed = seedOf(options.seed, "names");
  const shifted = shift(model, seed);
  const shiftedReward = toReward(shifted.logits);
  const draws = sample(model, 40, { seed });
  const { states, arcs } = model.space.layer(0);
  return {
    states,
    arcs,
    largestValue: Math.max(
      ...softValues(model).map((values) => values.reduce((max, v) => Math.max(max, Math.abs(v)), 0)),
    ),
    rewardIsPolicy: largest(reward, policy(model)),
    roundTrip: largest(back.logits, model),
    logPartition: back.logPartition,
    shifted: {
      constant: shifted.constant,
      logPartition: toLogits(shiftedReward).logPartition,
      rewardChange: largest(shiftedReward, reward),
      kl: kl(model, shifted.logits),
    },
    best: bestResponses(model, 20).map(({ tokens, logProbability }) => ({
      name: textOf(model.space, tokens),
      probability: Math.exp(logProbability),
    })),
    samples: Array.from({ length: draws.count }, (_, i) => textOf(model.space, draws.response(i))),
  };
};

/** The same distribution in another gauge: a uniform number from −5 to 5 added to all logits of each state. */
const shift = ({ space, levels }: Table, seed: number): { logits: Table; constant: number } => {
  const random = generator(seed, 2);
  let constant = 0;
  const shifted = levels.map((level, depth) => {
    const layer = space.layer(depth);
    const out = new Float64Array(level.length);
    for (let state = 0; state < layer.states; state++) {
      const c = 10 * uniform(random) - 5;
      if (depth === 0 && state === space.start) constant = c;
      for (let arc = layer.firstArc(state); arc < layer.firstArc(state + 1); arc++)
        out[arc] = (level[arc] as number) + c;
    }
    return out;
  });
  return { logits: { space, kind: "logits", levels: shifted }, constant };
};

const largest = (x: Table, y: Table): number => {
  let max = 0;
  x.levels.forEach((level, depth) => {
    const other = y.levels[depth] as Float64Array;
    for (let i = 0; i < level.length; i++) max = Math.max(max, Math.abs((level[i] as number) - (other[i] as number)));
  });
  return max;
};
