import type { DataTable, Finding, Section } from "../exhibit.ts";
import { formatNumber } from "../format.ts";
import { html } from "../html.ts";
import type { KlEstimatorStudy } from "../kl-estimators/index.ts";
import { gradientFigure, valueFigure } from "./estimator-figures.ts";

/** A limit is unbiased to this, relative to the exact number. */
const EXACT = 1e-9;
/** By theory, whatever the models: unbiased values and unbiased gradients. */
const UNBIASED = {
  value: ["k1-loss", "k1-reward", "k3-sequence", "k3-token", "full-loss", "full-score", "k1-weighted"],
  gradient: ["k1-reward", "k2-sequence", "full-score", "k1-weighted"],
} as const;

/** Estimators of a divergence, for engineers. */
export const estimatorSection = (study: KlEstimatorStudy): Section => ({
  id: "kl-estimators",
  heading: "Which estimate of the divergence to use",
  prose: [
    html`Code for reinforcement learning from human feedback estimates KL(<i>π<sub>θ</sub></i>‖<i>ρ</i>) of whole responses in many ways, which differ in value and, more
      gravely, in the gradient that comes of differentiating them as a loss. Each was computed on ${formatNumber(study.draws)} batches of
      ${study.batch} responses between two random models on 85 responses, and in the limit of large batches exactly. The exact divergence is
      ${formatNumber(study.kl)} nats, KL(<i>ρ</i>‖<i>π<sub>θ</sub></i>) is ${formatNumber(study.forwardKl)}; stale responses come from a student that was ${formatNumber(study.behaviourKl)} nats away.`,
    html`Notation, along a response: <i>l<sub>t</sub></i> = log <i>π<sub>θ</sub></i> − log <i>ρ</i> of its <i>t</i>-th token, <i>L</i> = Σ <i>l<sub>t</sub></i>; <i>F<sub>t</sub></i> is the full divergence of the two policies
      at the <i>t</i>-th state, a sum over the vocabulary; <i>ω<sub>t</sub></i> and <i>w</i> = Π <i>ω<sub>t</sub></i> weigh tokens and responses of an older student.`,
    html`In short: put <i>L</i> into the reward with a baseline, or, where all logits are at hand, differentiate Σ <i>F<sub>t</sub></i> and add its score term; report Σ <i>F<sub>t</sub></i>; and
      never differentiate k1 or k3 of samples as they stand.`,
  ],
  findings: findingsOf(study),
  exhibits: [valueFigure(study), gradientFigure(study), adviceTable(study), numberTable(study)],
  numbers: { ...study },
});

const findingsOf = ({ rows, kl }: KlEstimatorStudy): Finding[] => {
  const values = rows.filter(({ value }) => Math.abs(value.limit / kl - 1) <= EXACT).map(({ id }) => id);
  const gradients = rows.filter(({ gradient }) => gradient.limitDistance <= EXACT).map(({ id }) => id);
  const same = (x: readonly string[], y: readonly string[]) => x.length === y.length && x.every((id) => y.includes(id));
  return [
    {
      label: "estimators whose value is unbiased, as theory says which",
      value: `${values.length} of ${rows.length}`,
      holds: same(values, UNBIASED.value),
    },
    {
      label: "estimators whose gradient is unbiased, as theory says which",
      value: `${gradients.length} of ${rows.length}`,
      holds: same(gradients, UNBIASED.gradient),
    },
  ];
};

/** What to do with each. */
const adviceTable = ({ rows, kl }: KlEstimatorStudy): DataTable => ({
  id: "kl-estimators-advice",
  caption: "What each estimator is, and what to do",
  columns: [
    { key: "estimator", label: "estimator" },
    { key: "formula", label: "adds for each response" },
    { key: "value", label: "value" },
    { key: "gradientOf", label: "its gradient, as a loss, is that of" },
    { key: "advice", label: "what to do" },
  ],
  rows: rows.map(({ label, formula, gradientOf, advice, value }) => ({
    estimator: label,
    formula,
    value:
      Math.abs(value.limit / kl - 1) <= EXACT
        ? "unbiased"
        : `biased: ${formatNumber(value.limit / kl, 3)} times the divergence`,
    gradientOf,
    advice,
  })),
});

/** How far each is off. */
const numberTable = ({ rows, kl }: KlEstimatorStudy): DataTable => ({
  id: "kl-estimators",
  caption:
    "Bias in the limit of large batches, exactly, and scatter of one batch; values relative to the exact divergence, gradients to the length of the exact gradient",
  columns: [
    { key: "estimator", label: "estimator" },
    { key: "valueBias", label: "value: bias", format: (value) => formatNumber(value, 2) },
    { key: "valueScatter", label: "value: standard deviation", format: (value) => formatNumber(value, 2) },
    { key: "gradientBias", label: "gradient: distance of the limit", format: (value) => formatNumber(value, 2) },
    { key: "gradientCosine", label: "gradient: cosine", format: (value) => formatNumber(value, 3) },
    { key: "gradientScatter", label: "gradient: standard deviation", format: (value) => formatNumber(value, 2) },
  ],
  rows: rows.map(({ label, value, gradient }) => ({
    estimator: label,
    valueBias: zeroed(value.limit / kl - 1),
    valueScatter: value.standardDeviation / kl,
    gradientBias: zeroed(gradient.limitDistance),
    gradientCosine: gradient.limitCosine,
    gradientScatter: gradient.standardDeviation,
  })),
});

/** Rounding of a limit that is 0 is no bias. */
const zeroed = (x: number): number => (Math.abs(x) <= EXACT ? 0 : x);
