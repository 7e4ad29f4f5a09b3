import * as Plot from "@observablehq/plot";
import type { DataTable, Figure, Finding, Section } from "../exhibit.ts";
import { formatNumber, powerOfTen } from "../format.ts";
import { html } from "../html.ts";
import { decades, drawPlot, LOOKS } from "../plot.ts";
import { CERTIFIED, type CertificateTrial, type CoveragePlan, CERTIFIED_NAMES as NAMES } from "./coverage.ts";

/** Shares that are required (of intervals that hold, and of misses that warn). */
const REQUIRED = 0.9;
/** Of fewer trials so many may miss by chance besides. */
const MANY = 100;
const BY_CHANCE = 2;
/** A chance of 5 % is exceeded by so much, in standard deviations, less than once in a thousand. */
const DEVIATIONS = 3.1;

/** Whether certificates of random students hold the truth. */
export const coverageSection = (plan: CoveragePlan, trials: readonly CertificateTrial[]): Section => {
  const missed = trials.filter(({ misses }) => misses.length > 0);
  const warned = missed.filter((trial) => trial.warned).length;
  const quiet = trials.filter((trial) => !trial.warned).length;
  const broken = trials.filter((trial) => trial.broken.length > 0).length;
  return {
    id: "coverage",
    heading: "Certificates hold the truth, or warn",
    prose: [
      html`${formatNumber(trials.length)} random students were certified from ${formatNumber(plan.samples)} samples each: trees and automata of 3 to 20,000 responses, normal
        rewards, and as the student the target’s logits with normal noise of scale 0.1 to 3 nats, so that some are good and some are
        hopeless. The truth is exact. Where a few weights dominate, an interval from samples may miss without knowing; a certificate then has to
        warn of its effective sample size. Of them ${formatNumber(trials.length - quiet)} warned and ${formatNumber(missed.length)} missed.`,
      html`The guaranteed intervals, from the exact range of the residual, may fail with a chance of at most 5 % whatever the weights: of
        ${formatNumber(trials.length)} certificates ${formatNumber(broken)} did.`,
    ],
    findings: findingsOf(trials, { missed: missed.length, warned, broken }),
    exhibits: [
      ...(["klStudentTarget", "klTargetStudent"] as const).map((key) => intervalFigure(trials, key)),
      trialTable(trials),
    ],
    numbers: {
      pairs: trials.length,
      samples: plan.samples,
      held: Object.fromEntries(CERTIFIED.map((key) => [key, heldOf(trials, key)])),
      missed: missed.length,
      missedAndWarned: warned,
      warned: trials.length - quiet,
      broken,
    },
  };
};

const heldOf = (trials: readonly CertificateTrial[], key: (typeof CERTIFIED)[number]): number =>
  trials.filter(({ misses }) => !misses.includes(key)).length;

const findingsOf = (
  trials: readonly CertificateTrial[],
  { missed, warned, broken }: { readonly missed: number; readonly warned: number; readonly broken: number },
): Finding[] => [
  ...CERTIFIED.map((key) => {
    const held = heldOf(trials, key);
    return {
      label: `95 % intervals that hold ${NAMES[key]} (required: ≥ ${formatNumber(100 * REQUIRED)} %${trials.length < MANY ? ", but for two by chance" : ""})`,
      value: `${formatNumber(held)} of ${formatNumber(trials.length)}`,
      holds: held + (trials.length < MANY ? BY_CHANCE : 0) >= REQUIRED * trials.length,
    };
  }),
  {
    label: `certificates with a miss that warn of their effective sample size (required: ≥ ${formatNumber(100 * REQUIRED)} %, or all but one)`,
    value: missed === 0 ? "no miss" : `${formatNumber(warned)} of ${formatNumber(missed)}`,
    holds: warned >= Math.min(REQUIRED * missed, missed - 1),
  },
  {
    label: "certificates one of whose guaranteed intervals fails (at most 5 % expected)",
    value: `${formatNumber(broken)} of ${formatNumber(trials.length)}`,
    holds: broken <= 0.05 * trials.length + DEVIATIONS * Math.sqrt(0.05 * 0.95 * trials.length),
  },
];

/** Ends of intervals are drawn in this range, in units of the truth. */
const SPAN = [0.4, 2.5] as const;

const LOOK = {
  quiet: { label: "holds, no warning", ...LOOKS[0] },
  warned: { label: "holds, warns", ...LOOKS[2] },
  missed: { label: "misses", ...LOOKS[1] },
} as const;

/** Intervals of a divergence over the exact one, against it. */
const intervalFigure = (trials: readonly CertificateTrial[], key: "klStudentTarget" | "klTargetStudent"): Figure => {
  const rows = trials.filter(({ exact }) => exact[key] > 0 && exact[key] < Infinity).map((trial) => rowOf(trial, key));
  const label =
    `Intervals of ${NAMES[key]} over the exact divergence, against it, both logarithmic. ${formatNumber(heldOf(trials, key))} of ` +
    `${formatNumber(trials.length)} hold 1; they widen where the divergence is large.`;
  return {
    id: `coverage-${key === "klStudentTarget" ? "student" : "target"}`,
    title: `${NAMES[key]}: interval over truth`,
    label,
    svg: drawPlot(label, {
      height: 330,
      x: { ...domainOf(rows), label: "exact divergence, nats →" },
      y: {
        type: "log",
        domain: [...SPAN],
        ticks: [0.5, 0.7, 1, 1.4, 2],
        tickFormat: String,
        label: "↑ interval / exact",
        grid: true,
      },
      marks: [
        Plot.ruleY([1], { stroke: "currentColor", strokeDasharray: "4 3" }),
        ...(Object.keys(LOOK) as (keyof typeof LOOK)[]).flatMap((state) => stateMarks(rows, state)),
      ],
    }),
    key: Object.values(LOOK),
    caption: html`One line a student, from the lower to the upper end of the 95 % interval, the mark at the estimate. What lies beyond the frame is cut off there.`,
    table: {
      id: `coverage-${key === "klStudentTarget" ? "student" : "target"}`,
      caption: `${NAMES[key]}, exact and as certified, nats`,
      columns: [
        { key: "state", label: "interval" },
        ...["exact", "estimate", "lower", "upper"].map((column) => ({
          key: column,
          label: column,
          format: formatNumber,
        })),
      ],
      rows: rows.map(({ state, exact, estimate, lower, upper }) => ({
        state: LOOK[state].label,
        exact,
        estimate,
        lower,
        upper,
      })),
    },
  };
};

const domainOf = (rows: readonly IntervalRow[]): Plot.ScaleOptions => {
  const all = rows.map(({ exact }) => exact);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const domain = [10 ** Math.floor(Math.log10(low)), 10 ** Math.ceil(Math.log10(high))];
  return { type: "log", domain, ticks: decades(low, high), tickFormat: powerOfTen };
};

interface IntervalRow {
  readonly state: keyof typeof LOOK;
  readonly exact: number;
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
}

const rowOf = (
  { certificate, exact, misses, warned }: CertificateTrial,
  key: "klStudentTarget" | "klTargetStudent",
): IntervalRow => {
  const { estimate, interval } = certificate[key];
  const state = misses.includes(key) ? "missed" : warned ? "warned" : "quiet";
  return { state, exact: exact[key], estimate, lower: interval[0], upper: interval[1] };
};

const stateMarks = (rows: readonly IntervalRow[], state: keyof typeof LOOK): Plot.Markish[] => {
  const { colour, symbol } = LOOK[state];
  const of = rows.filter((row) => row.state === state);
  const cut = (x: number) => Math.min(Math.max(x, SPAN[0]), SPAN[1]);
  const options = {
    x: "exact",
    y1: (row: IntervalRow) => cut(row.lower / row.exact),
    y2: (row: IntervalRow) => cut(row.upper / row.exact),
    stroke: colour,
    strokeOpacity: state === "missed" ? 1 : 0.5,
  };
  return [
    Plot.ruleX(of, options),
    Plot.dot(of, {
      x: "exact",
      y: (row: IntervalRow) => cut(row.estimate / row.exact),
      fill: colour,
      symbol,
      r: state === "missed" ? 4 : 2.2,
    }),
  ];
};

const trialTable = (trials: readonly CertificateTrial[]): DataTable => ({
  id: "coverage-trials",
  caption: "Every certificate, nats",
  columns: [
    { key: "scale", label: "scale of the noise", format: (value) => formatNumber(value, 2) },
    { key: "effective", label: "effective samples, %", format: (value) => formatNumber(value, 2) },
    { key: "paretoShape", label: "Pareto shape", format: (value) => formatNumber(value, 2) },
    { key: "logPartition", label: "log Z", format: formatNumber },
    { key: "klStudentTarget", label: "KL(student‖target)", format: formatNumber },
    { key: "klTargetStudent", label: "KL(target‖student)", format: formatNumber },
    { key: "misses", label: "misses" },
    { key: "warned", label: "warns" },
  ],
  rows: trials.map(({ scale, certificate, exact, misses, warned }) => ({
    scale,
    effective: (100 * certificate.effectiveSampleSize) / certificate.samples,
    paretoShape: certificate.paretoShape,
    ...exact,
    misses: misses.map((key) => NAMES[key]).join(", "),
    warned: warned ? "yes" : "no",
  })),
});
