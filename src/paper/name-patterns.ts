import {
  type Arm,
  condition,
  generator,
  highestRewards,
  kl,
  logProbability,
  mask,
  sample,
  toLogits,
  uniform,
  visits,
} from "../bellman/index.ts";
import { type Automaton, accepts, END, regex, type Table, textOf } from "../space/index.ts";
import { LETTERS } from "./first-names.ts";
import { seedOf } from "./reward-laws.ts";

/** A property of names, as a regular expression over letters. */
export interface NamePattern {
  readonly id: string;
  readonly label: string;
  readonly pattern: string;
}

/** What the report conditions names on. */
export const NAME_PATTERNS: readonly NamePattern[] = [
  { id: "ends-in-ette", label: "ends in “ette”", pattern: ".*ette" },
  { id: "contains-ann", label: "contains “ann”", pattern: ".*ann.*" },
  { id: "five-letters", label: "has exactly five letters", pattern: ".{5}" },
  {
    id: "same-letter",
    label: "starts and ends with the same letter",
    pattern: LETTERS.map((letter) => `${letter}.*${letter}`).join("|"),
  },
];

/** A name with its probability under the exact conditional and under masking. */
export interface RankedName {
  readonly name: string;
  readonly exact: number;
  readonly masked: number;
}

/** One attempt of a masked decoder. */
export interface Attempt {
  readonly text: string;
  /** Whether it ended in a name that fits, rather than at a dead end. */
  readonly finished: boolean;
}

/** The exact conditional on a pattern beside local masking. */
export interface Conditioning {
  readonly pattern: NamePattern;
  /** Log-probability of the pattern under the model, in nats. */
  readonly logProbability: number;
  /** The same by counting: share of the model's own samples that fit. */
  readonly frequency: { readonly estimate: number; readonly standardError: number };
  /** Arcs of one depth of the product of model and pattern. */
  readonly arcs: number;
  /** Probability that one attempt of the masked decoder does not run into a dead end. */
  readonly finishes: number;
  /** Divergences between the exact conditional and the masked decoder given that it finishes, in nats. */
  readonly kl: { readonly exactFromMasked: number; readonly maskedFromExact: number };
  /** Total variation between the same two, estimated from samples of the exact one. */
  readonly totalVariation: { readonly estimate: number; readonly standardError: number };
  readonly samples: readonly string[];
  readonly attempts: readonly Attempt[];
  /** The ten likeliest names of either. */
  readonly best: { readonly exact: readonly RankedName[]; readonly masked: readonly RankedName[] };
  /** Probability of each number of letters. */
  readonly lengths: readonly { readonly length: number; readonly exact: number; readonly masked: number }[];
}

/** Number of samples behind each total variation. */
export const VARIATION_SAMPLES = 20_000;

/** Number of samples behind each frequency. */
export const FREQUENCY_SAMPLES = 100_000;

const SHOWN = 10;

/**
 * Conditions a model of names on a pattern, exactly and by local masking.
 *
 * @param model normalised logits
 */
export const conditionNames = (
  model: Table,
  pattern: NamePattern,
  options: { readonly seed: number },
): Conditioning => {
  const machine = regex(pattern.pattern, LETTERS);
  // with soft values of 0 the implied reward is the policy itself (theory §4), and its depths share one array
  const reward = condition({ ...model, kind: "reward" }, machine);
  const exact = toLogits(reward);
  const { reward: decoder, finishes } = mask(model, machine);
  const masked = toLogits(decoder);
  const seed = seedOf(options.seed, `names ${pattern.id}`);
  const draws = sample(exact, SHOWN, { seed });
  // both rewards add up to log-probabilities before normalisation, so their order is that of the names
  const best = (rewards: Table) =>
    highestRewards(rewards, SHOWN).map(({ tokens }) => ({
      name: textOf(model.space, tokens),
      exact: Math.exp(logProbability(exact, tokens)),
      masked: Math.exp(logProbability(masked, tokens)),
    }));
  return {
    pattern,
    logProbability: exact.logPartition,
    frequency: frequencyOf(model, machine, seed),
    arcs: reward.space.layer(0).arcs,
    finishes,
    kl: { exactFromMasked: kl(exact, masked), maskedFromExact: kl(masked, exact) },
    totalVariation: totalVariation(exact, masked, seed),
    samples: Array.from({ length: SHOWN }, (_, i) => textOf(model.space, draws.response(i))),
    attempts: attemptsOf(decoder, seed),
    best: { exact: best(reward), masked: best(decoder) },
    lengths: lengthsOf(exact, masked),
  };
};

/** How often samples of the model fit. */
const frequencyOf = (model: Table, machine: Automaton, seed: number) => {
  const draws = sample(model, FREQUENCY_SAMPLES, { seed });
  let fits = 0;
  for (let i = 0; i < draws.count; i++) if (accepts(machine, draws.response(i))) fits++;
  const estimate = fits / draws.count;
  return { estimate, standardError: Math.sqrt((estimate * (1 - estimate)) / draws.count) };
};

/** `½ Σ |p − q| = E_p max(0, 1 − q/p)`, whose terms lie in [0, 1], from samples of `p`. */
const totalVariation = (p: Arm, q: Arm, seed: number) => {
  const draws = sample(p, VARIATION_SAMPLES, { seed });
  let [sum, squares] = [0, 0];
  for (let i = 0; i < draws.count; i++) {
    const ratio = Math.exp(logProbability(q, draws.response(i)) - (draws.logProbabilities[i] as number));
    const term = Math.max(0, 1 - ratio);
    sum += term;
    squares += term * term;
  }
  const estimate = sum / draws.count;
  const variance = (squares / draws.count - estimate ** 2) * (draws.count / (draws.count - 1));
  return { estimate, standardError: Math.sqrt(Math.max(0, variance) / draws.count) };
};

/** Runs a decoder letter by letter, dead ends and all. */
const attemptsOf = (decoder: Table, seed: number): Attempt[] => {
  const random = generator(seed, 1);
  return Array.from({ length: SHOWN }, () => {
    const tokens: number[] = [];
    let state = decoder.space.start;
    for (let depth = 0; state !== END; depth++) {
      const arc = drawArc(decoder, depth, state, uniform(random));
      if (arc < 0) return { text: textOf(decoder.space, tokens), finished: false };
      const layer = decoder.space.layer(depth);
      const action = layer.action(arc, state);
      if (action < decoder.space.tokens.length) tokens.push(action);
      state = layer.target(arc, state);
    }
    return { text: textOf(decoder.space, tokens), finished: true };
  });
};

/** The arc of a state where the running sum of its probabilities passes `u`; −1 where it has none. */
const drawArc = ({ space, levels }: Table, depth: number, state: number, u: number): number => {
  const layer = space.layer(depth);
  const level = levels[depth] as Float64Array;
  let [sum, last] = [0, -1];
  for (let arc = layer.firstArc(state); arc < layer.firstArc(state + 1); arc++) {
    const probability = Math.exp(level[arc] as number);
    if (probability === 0) continue;
    last = arc;
    sum += probability;
    if (u < sum) return arc;
  }
  return last;
};

const lengthsOf = (exact: Arm, masked: Arm): Conditioning["lengths"] => {
  const [first, second] = [stillGoing(exact), stillGoing(masked)];
  return first.map((going, length) => ({
    length,
    exact: going - (first[length + 1] ?? 0),
    masked: (second[length] as number) - (second[length + 1] ?? 0),
  }));
};

/** Probability that a response has at least so many tokens. */
const stillGoing = (arm: Arm): number[] => visits(arm).map((states) => states.reduce((a, b) => a + b, 0));
