import { armOf, softValues, toLogits, toReward } from "../bellman/index.ts";
import { END, type Table } from "../space/index.ts";
import { TOLERANCE } from "./claim-bijection.ts";
import { scoreResponses } from "./enumerate.ts";
import { drawErrors } from "./error-figure.ts";
import type { DataTable, Section } from "./exhibit.ts";
import { formatNumber } from "./format.ts";
import { html } from "./html.ts";
import { type NamedSpace, PAPER_SPACES, REWARD_LAWS, type RewardLaw, randomTable, streamOf } from "./reward-laws.ts";

/** Largest errors of the soft Bellman equation and of both round trips, relative to `max(1, |number|)`. */
export interface BellmanError {
  readonly space: NamedSpace;
  readonly law: RewardLaw;
  /** `q(s,a) − r(s,a) − V_q(s⊕a)`, soft values worked out anew from the logits. */
  readonly residual: number;
  /** Soft values against `log Σ exp` over all completions of each state, enumerated. */
  readonly values: number;
  /** `M⁻¹(M(r)) − r`. */
  readonly rewardTrip: number;
  /** `M(M⁻¹(q)) − q`. */
  readonly logitsTrip: number;
}

/** Checks the soft Bellman equation and the round trips on random tables, state by state. */
export const bellmanErrors = (options: {
  readonly seed: number;
  readonly draws: number;
  readonly spaces?: readonly NamedSpace[];
}): BellmanError[] =>
  (options.spaces ?? PAPER_SPACES).flatMap((space) =>
    REWARD_LAWS.map((law) => {
      const random = streamOf(options.seed, `bellman ${space.id} ${law.id}`);
      const worst = { residual: 0, values: 0, rewardTrip: 0, logitsTrip: 0 };
      for (let draw = 0; draw < options.draws; draw++) {
        const reward = randomTable(space.space, "reward", law, random);
        // canonical logits, −∞ on arcs into states that cannot finish: on these M∘M⁻¹ is the identity (theory §2)
        const { logits } = armOf(randomTable(space.space, "logits", law, random));
        const errors = { ...errorsOfReward(reward), logitsTrip: largestDifference(logits, throughReward(logits)) };
        for (const key of Object.keys(worst) as (keyof typeof worst)[]) worst[key] = Math.max(worst[key], errors[key]);
      }
      return { space, law, ...worst };
    }),
  );

const throughReward = (logits: Table): Table => toLogits(toReward(logits)).logits;

const errorsOfReward = (reward: Table) => {
  const { logits } = toLogits(reward);
  const values = softValues(logits);
  const residual: Table = { ...reward, levels: addValues(reward, values) };
  const { completions } = scoreResponses(reward);
  return {
    residual: largestDifference(logits, residual),
    values: Math.max(...values.map((level, depth) => largestError(level, completions[depth] as Float64Array))),
    rewardTrip: largestDifference(reward, toReward(logits)),
  };
};

/** `r(s,a) + V(s⊕a)`: what the soft Bellman equation says the logits are. */
const addValues = ({ space, levels }: Table, values: readonly Float64Array[]): Float64Array[] =>
  levels.map((level, depth) => {
    const layer = space.layer(depth);
    const next = values[depth + 1];
    return level.map((r, arc) => {
      const target = layer.target(arc, Math.floor(arc / space.actions));
      return target === END ? r : r + (next?.[target] as number);
    });
  });

/**
 * Largest difference between two tables that agree on what is forbidden, or where the second, canonical one forbids
 * an arc into a state that cannot finish.
 */
const largestDifference = (table: Table, canonical: Table): number =>
  Math.max(...table.levels.map((level, depth) => largestError(level, canonical.levels[depth] as Float64Array)));

const largestError = (expected: Float64Array, actual: Float64Array): number => {
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const [x, y] = [expected[i] as number, actual[i] as number];
    if (x === y || y === -Infinity) continue;
    largest = Math.max(largest, Math.abs(x - y) / Math.max(1, Math.abs(x)));
  }
  return largest;
};

const KINDS = [
  { key: "residual", label: "soft Bellman residual" },
  { key: "values", label: "values, against enumeration" },
  { key: "rewardTrip", label: "M⁻¹(M(r)) − r" },
  { key: "logitsTrip", label: "M(M⁻¹(q)) − q" },
] as const;

/** Claim 2 as a part of the report. */
export const bellmanSection = (errors: readonly BellmanError[]): Section => {
  const worst = (key: (typeof KINDS)[number]["key"]) => Math.max(...errors.map((error) => error[key]));
  const usual = errors.find(({ space, law }) => space.id === "variable-585" && law.id === "normal");
  const label =
    "Largest errors by law of numbers, for the residual, the values and both round trips. All are below " +
    `${Math.max(...KINDS.map(({ key }) => worst(key))).toExponential(1)}, where 1e-12 is required.`;
  return {
    id: "soft-bellman",
    heading: "The logits solve the soft Bellman equation",
    statement: html`<i>q</i>(<i>s</i>,<i>a</i>) = <i>r</i>(<i>s</i>,<i>a</i>) + <i>V<sub>q</sub></i>(<i>s</i>⊕<i>a</i>) is the soft Bellman
      optimality equation of maximum-entropy reinforcement learning, and <i>M</i><sup>−1</sup> undoes <i>M</i> (§3.3).`,
    prose: [
      html`Soft values were worked out again from the finished logits, and also by enumerating every completion of every state, which
        uses no recursion. Both round trips start from random tables. Where 30 % of the actions are forbidden, arcs into states
        that cannot finish become −∞, the canonical choice; no other number may change.`,
    ],
    findings: KINDS.map(({ key, label }) => ({
      label: `largest relative error: ${label}`,
      value: formatNumber(worst(key)),
      ...(key === "residual" && usual ? { known: "6.7 × 10⁻¹⁶" } : {}),
      holds: worst(key) <= TOLERANCE,
    })),
    exhibits: [
      {
        id: "soft-bellman-errors",
        title: "Largest error over all states and actions",
        label,
        ...drawErrors(label, pointsOf(errors), TOLERANCE),
        caption: html`The largest over the three spaces. A residual of 0 means that the recomputed numbers agree in every bit.`,
        table: errorTable(errors),
      },
    ],
    numbers: Object.fromEntries(KINDS.map(({ key }) => [key, worst(key)])),
  };
};

const pointsOf = (errors: readonly BellmanError[]) =>
  REWARD_LAWS.flatMap((law) =>
    KINDS.map(({ key, label }) => ({
      row: law.label,
      series: label,
      error: Math.max(...errors.filter((error) => error.law === law).map((error) => error[key])),
    })),
  );

const errorTable = (errors: readonly BellmanError[]): DataTable => ({
  id: "soft-bellman",
  caption: "Largest errors, relative to max(1, |number|)",
  columns: [
    { key: "space", label: "space" },
    { key: "law", label: "numbers" },
    ...KINDS.map(({ key, label }) => ({ key, label, format: formatNumber })),
  ],
  rows: errors.map(({ space, law, ...numbers }) => ({ space: space.label, law: law.label, ...numbers })),
});
