import { policy, toLogits } from "../bellman/index.ts";
import type { Table } from "../space/index.ts";
import { logPartitionOf, scoreResponses } from "./enumerate.ts";
import { drawErrors } from "./error-figure.ts";
import type { DataTable, Finding, Section } from "./exhibit.ts";
import { formatNumber } from "./format.ts";
import { html } from "./html.ts";
import { type NamedSpace, PAPER_SPACES, REWARD_LAWS, type RewardLaw, randomTable, streamOf } from "./reward-laws.ts";

/** Largest errors of log-probabilities over all responses of one space, under one law of rewards. */
export interface BijectionError {
  readonly space: NamedSpace;
  readonly law: RewardLaw;
  /** Random rewards tried. */
  readonly draws: number;
  /** Responses compared, all draws together. */
  readonly responses: number;
  /** Largest `|log p_R − log p_M(r)|`, in nats. */
  readonly absolute: number;
  /** The same, relative to `max(1, |R(y)|)`. */
  readonly relative: number;
}

/** Errors must not exceed this, relative to `max(1, |R|)`. */
export const TOLERANCE = 1e-12;

/** Compares `log p_R` by brute force with `log p_{M(r)}` token by token, for every response. */
export const bijectionErrors = (options: {
  readonly seed: number;
  readonly draws: number;
  readonly spaces?: readonly NamedSpace[];
}): BijectionError[] =>
  (options.spaces ?? PAPER_SPACES).flatMap((space) =>
    REWARD_LAWS.map((law) => {
      const random = streamOf(options.seed, `bijection ${space.id} ${law.id}`);
      let [absolute, relative, responses] = [0, 0, 0];
      for (let draw = 0; draw < options.draws; draw++) {
        const errors = errorsOf(randomTable(space.space, "reward", law, random));
        absolute = Math.max(absolute, errors.absolute);
        relative = Math.max(relative, errors.relative);
        responses += errors.responses;
      }
      return { space, law, draws: options.draws, responses, absolute, relative };
    }),
  );

const errorsOf = (reward: Table) => {
  const scored = scoreResponses(reward);
  const logPartition = logPartitionOf(reward.space, scored);
  const { sums: logProbabilities } = scoreResponses(policy(toLogits(reward)));
  let [absolute, relative] = [0, 0];
  scored.sums.forEach((score, index) => {
    const actual = logProbabilities[index] as number;
    if (score === -Infinity && actual === -Infinity) return;
    const error = Math.abs(score - logPartition - actual);
    absolute = Math.max(absolute, error);
    relative = Math.max(relative, error / Math.max(1, Math.abs(score)));
  });
  return { absolute, relative, responses: scored.sums.length };
};

/** Claim 1 as a part of the report. */
export const bijectionSection = (errors: readonly BijectionError[]): Section => {
  const worst = Math.max(...errors.map(({ relative }) => relative));
  const table = errorTable(errors);
  const label =
    "Largest error of log-probabilities by law of rewards, for three spaces. All lie between 10 to the minus 17 and " +
    `${worst.toExponential(1)}, below the required 1e-12.`;
  return {
    id: "bijection",
    heading: "Rewards and logits are one distribution",
    statement: html`<i>M</i>, <i>q</i>(<i>s</i>,<i>a</i>) = <i>r</i>(<i>s</i>,<i>a</i>) + <i>V<sub>q</sub></i>(<i>s</i>⊕<i>a</i>),
      is a bijection, and <i>p<sub>R</sub></i> = <i>p</i><sub><i>M</i>(<i>r</i>)</sub> exactly (Proposition 3.2).`,
    prose: [
      html`Every response was scored by brute force, log <i>p<sub>R</sub></i>(<i>y</i>) = <i>R</i>(<i>y</i>) − log Σ exp <i>R</i>, and
        compared with the sum of the token log-probabilities of <i>M</i>(<i>r</i>):
        ${formatNumber(errors.reduce((sum, { responses }) => sum + responses, 0))} comparisons, under five laws of rewards. Large rewards
        leave fewer digits behind the point, so errors are relative to max(1, |<i>R</i>|).`,
    ],
    findings: findingsOf(errors, worst),
    exhibits: [
      {
        id: "bijection-errors",
        title: "Largest error over all responses",
        label,
        ...drawErrors(
          label,
          errors.map(({ law, space, relative }) => ({ row: law.label, series: space.label, error: relative })),
          TOLERANCE,
        ),
        caption: html`A float64 number has a relative spacing of 2 × 10⁻¹⁶; a sum of four to eight of them can be no better.`,
        table,
      },
    ],
    numbers: { largestRelativeError: worst, tolerance: TOLERANCE },
  };
};

const findingsOf = (errors: readonly BijectionError[], worst: number): Finding[] => [
  ...errors
    .filter(({ law }) => law.id === "normal")
    .map(({ space, absolute }) => ({
      label: `largest error of log p(y): ${space.label}, normal rewards`,
      value: `${formatNumber(absolute)} nats`,
      ...(space.id === "variable-585" ? { known: "1.78 × 10⁻¹⁵" } : {}),
      holds: absolute <= TOLERANCE,
    })),
  {
    label: "largest error of log p(y), all spaces and laws, relative to max(1, |R|)",
    value: formatNumber(worst),
    holds: worst <= TOLERANCE,
  },
];

const errorTable = (errors: readonly BijectionError[]): DataTable => ({
  id: "bijection",
  caption: "Largest error of log-probabilities over all responses",
  columns: [
    { key: "space", label: "space" },
    { key: "law", label: "rewards" },
    { key: "draws", label: "draws" },
    { key: "responses", label: "responses compared" },
    { key: "absolute", label: "largest error, nats", format: formatNumber },
    { key: "relative", label: "relative to max(1, |R|)", format: formatNumber },
  ],
  rows: errors.map(({ space, law, ...numbers }) => ({ space: space.label, law: law.label, ...numbers })),
});
