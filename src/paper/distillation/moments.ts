import { type Arm, armOf, expectation, kl, logProbability, sample, toLogits } from "../../bellman/index.ts";
import {
  type FittedMoment,
  fitSampledMoments,
  type Moment,
  patternOccurs,
  responseLength,
  type SampledMoments,
  scaled,
  sumOf,
  type TiltedTarget,
  tiltedTarget,
} from "../../learn/index.ts";
import { regex, type Table } from "../../space/index.ts";
import { firstNames, LETTERS, LONGEST_NAME, nameModel } from "../first-names.ts";
import { seedOf } from "../reward-laws.ts";
import type { Stage } from "../stage.ts";
import { atOnce } from "./stage.ts";

/** How much the moments are tried. */
export interface MomentPlan {
  /** Of the model of names. */
  readonly model: { readonly order: number; readonly minimumCount: number };
  /** Independent fits from samples. */
  readonly repetitions: number;
  /** Samples to fit, and as many fresh ones to check. */
  readonly samples: number;
}

/** One fit from samples, beside the truth. */
export interface SampledFit extends SampledMoments {
  /** `E φ_k` under `p·exp(λ·φ)` with the fitted multipliers, exactly. */
  readonly truth: readonly number[];
}

/** Moments met exactly and from samples, and moments refused. */
export interface MomentStudy {
  readonly exact: readonly FittedMoment[];
  /** `KL(fitted‖model)`, in nats: what the moments cost. */
  readonly cost: number;
  readonly samples: number;
  readonly sampled: readonly SampledFit[];
  readonly refused: readonly { readonly wanted: string; readonly sentence: string }[];
}

const CONTAINS_ANN = patternOccurs(regex(".*ann.*", LETTERS), "contains “ann”");
const ENDS_IN_VOWEL = patternOccurs(regex(".*[aeiou]", LETTERS), "ends in a vowel");
const LETTER_COUNT = responseLength("number of letters");

/** What is wanted of names. */
const WANTED: readonly Moment[] = [
  { feature: CONTAINS_ANN, mean: 0.5 },
  { feature: ENDS_IN_VOWEL, mean: 0.5 },
  { feature: LETTER_COUNT, mean: 7 },
];

/** What no distribution over names can have. */
const INFEASIBLE: readonly { readonly wanted: string; readonly moments: readonly Moment[] }[] = [
  {
    wanted: `${LONGEST_NAME + 1} letters on average`,
    moments: [{ feature: LETTER_COUNT, mean: LONGEST_NAME + 1 }],
  },
  {
    wanted: "“ann” in half of the names, yet 1.2 letters on average",
    moments: [
      { feature: CONTAINS_ANN, mean: 0.5 },
      { feature: LETTER_COUNT, mean: 1.2 },
    ],
  },
];

/** Temperature at which names that contain the pattern are proposed: one in a hundred of the model's own do. */
const PROPOSAL_TEMPERATURE = 0.3;

/** Meets moments of a model of names; the study is put into `into`. */
export const momentStages = (plan: MomentPlan, seed: number, into: MomentStudy[]): Stage[] => {
  let setting: Setting | undefined;
  const sampled: SampledFit[] = [];
  const fits = Array.from({ length: plan.repetitions }, (_, i) => ({
    label: `from samples, ${i + 1} of ${plan.repetitions}`,
    weight: 8,
    work: async () => sampled.push(await fitBySamples(setting as Setting, plan.samples, seedOf(seed, `moments ${i}`))),
  }));
  const finish = () => {
    const { model, exact } = setting as Setting;
    into.push({
      exact: exact.moments,
      cost: kl(exact.arm, exact.reference),
      samples: plan.samples,
      sampled,
      refused: INFEASIBLE.map(({ wanted, moments }) => ({ wanted, sentence: refusalOf(model, moments) })),
    });
  };
  return [
    { label: "exactly", weight: 25, work: () => (setting = settingOf(nameModel(firstNames(), plan.model))) },
    ...fits,
    { label: "infeasible ones", weight: 15, work: finish },
  ].map(({ label, weight, work }) => ({ label: `moments of names: ${label}`, weight, run: atOnce(work) }));
};

/** What all fits share. */
interface Setting {
  readonly model: Table;
  readonly reference: Arm;
  /** The moments, met exactly. */
  readonly exact: TiltedTarget;
  /** A model that proposes the pattern more often. */
  readonly proposal: Arm;
  /** `log p` and each feature, on the space that follows all features. */
  readonly levels: { readonly model: readonly Float64Array[]; readonly features: readonly (readonly Float64Array[])[] };
}

const settingOf = (model: Table): Setting => {
  const exact = tiltedTarget({ reference: model, moments: WANTED });
  const features = WANTED.map((_, k) => {
    // every sum names all features, so that all of them live on one space
    const one = sumOf(WANTED.map(({ feature }, j) => scaled(feature, j === k ? 1 : 0)));
    return tiltedTarget({ reference: model, reward: one }).reward.levels;
  });
  return {
    model,
    reference: armOf(model),
    exact,
    proposal: tiltedTarget({ reference: model, reward: CONTAINS_ANN, temperature: PROPOSAL_TEMPERATURE }).arm,
    levels: { model: exact.reference.logits.levels, features },
  };
};

/** Fits the moments by importance sampling, and says what the fit truly has. */
const fitBySamples = async (setting: Setting, count: number, seed: number): Promise<SampledFit> => {
  const { reference, proposal, levels } = setting;
  const weighted = (stream: number) => {
    const draws = sample(proposal, count, { seed: (seed + stream) >>> 0 });
    const responses = Array.from({ length: count }, (_, i) => Array.from(draws.response(i)));
    const logWeights = draws.logProbabilities.map(
      (logP, i) => logProbability(reference, responses[i] as number[]) - logP,
    );
    return { responses, logWeights };
  };
  const fitted = await fitSampledMoments(weighted(0), WANTED, { check: weighted(1) });
  const arm = tilted(
    setting,
    fitted.moments.map(({ multiplier }) => multiplier),
  );
  return { ...fitted, truth: levels.features.map((feature) => expectation(arm, feature).mean) };
};

/** `p·exp(λ·φ)`, exactly; depths that share their numbers go on sharing them. */
const tilted = ({ exact: { space }, levels: { model, features } }: Setting, multipliers: readonly number[]): Arm => {
  const levels: Float64Array[] = [];
  for (const [depth, logP] of model.entries()) {
    if (depth > 0 && [model, ...features].every((of) => of[depth] === of[depth - 1])) {
      levels.push(levels[depth - 1] as Float64Array);
      continue;
    }
    const here = features.map((of) => of[depth] as Float64Array);
    levels.push(
      logP.map((x, arc) =>
        here.reduce((sum, numbers, k) => sum + (multipliers[k] as number) * (numbers[arc] as number), x),
      ),
    );
  }
  return toLogits({ space, kind: "reward", levels });
};

/** What is said to moments that cannot be. */
const refusalOf = (model: Table, moments: readonly Moment[]): string => {
  try {
    tiltedTarget({ reference: model, moments });
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
  return "";
};
