import * as Plot from "@observablehq/plot";
import { type LossGap, STEPS, type Training } from "./claim-minima.ts";
import type { DataTable, Figure, Finding, Section } from "./exhibit.ts";
import { formatNumber, powerOfTen } from "./format.ts";
import { html } from "./html.ts";
import { COLOURS, curve, drawPlot } from "./plot.ts";

/** Gaps below this are rounding of risks of some nats; drawn here. */
const FLOOR = 1e-15;
/** Gaps of trained models must not exceed this, in nats. */
const REQUIRED = 1e-6;
/** Analytic gaps must not exceed this, in nats. */
const EXACT = 1e-12;

/** The numbers that claim 3 stands on, in nats. */
interface MinimaNumbers {
  readonly perResponse: number;
  readonly analyticGap: number;
  readonly finalGap: { readonly ebm: number; readonly arm: number };
  readonly steps: number;
}

/** Claim 3 as a part of the report. */
export const minimaSection = (gaps: readonly LossGap[], trainings: readonly Training[]): Section => {
  const largest = (key: "perResponse" | "ebmGap" | "armGap") => Math.max(...gaps.map((gap) => Math.abs(gap[key])));
  const finals = (kind: "ebm" | "arm") => Math.max(...trainings.filter((t) => t.kind === kind).map(finalGap));
  const numbers: MinimaNumbers = {
    perResponse: largest("perResponse"),
    analyticGap: Math.max(largest("ebmGap"), largest("armGap")),
    finalGap: { ebm: finals("ebm"), arm: finals("arm") },
    steps: STEPS,
  };
  return {
    id: "minima",
    heading: "Teacher forcing loses nothing",
    statement: html`<i>L</i><sub>ARM</sub>(<i>M</i>(<i>r</i>)) = <i>L</i><sub>EBM</sub>(<i>r</i>) for every response, so both losses have the
      same minimum in function space, the entropy of the target (Proposition 4.1).`,
    prose: [
      html`The two losses were compared response by response for random rewards, and at their analytic minima for three targets on
        three spaces. Then both tabular models were trained from zero: ${formatNumber(STEPS)} Adam steps on the exact expected risk, learning
        rate 0.2 falling to 0 along half a cosine, gradients in closed form by forward–backward.`,
    ],
    findings: findingsOf(numbers),
    exhibits: [
      ...trainings
        .filter(({ kind, target }) => kind === "ebm" && target.id === "zipf")
        .map((ebm) =>
          trainingFigure(
            ebm,
            trainings.find(
              (other) => other.kind === "arm" && other.space === ebm.space && other.target === ebm.target,
            ) as Training,
          ),
        ),
      finalTable(trainings),
      gapTable(gaps),
    ],
    numbers: { ...numbers },
  };
};

const findingsOf = (numbers: MinimaNumbers): Finding[] => [
  {
    label: "largest difference of the two losses on a response",
    value: `${formatNumber(numbers.perResponse)} nats`,
    holds: numbers.perResponse <= EXACT,
  },
  {
    label: "largest gap of the analytic minima to the entropy",
    value: `${formatNumber(numbers.analyticGap)} nats`,
    known: "0 and 0",
    holds: numbers.analyticGap <= EXACT,
  },
  ...(["ebm", "arm"] as const).map((kind) => ({
    label: `${kind.toUpperCase()} trained for ${formatNumber(STEPS)} steps: largest gap left`,
    value: `${formatNumber(numbers.finalGap[kind])} nats`,
    holds: numbers.finalGap[kind] <= REQUIRED,
  })),
];

const finalGap = ({ curve }: Training): number => Math.abs(curve.at(-1)?.gap ?? Number.NaN);

const trainingFigure = (ebm: Training, arm: Training): Figure => {
  const label =
    `Gap between risk and entropy against Adam steps, both axes logarithmic, ${ebm.space.label}. The EBM ends at ` +
    `${formatNumber(finalGap(ebm))}, the ARM at ${formatNumber(finalGap(arm))} nats.`;
  const table = curveTable(ebm, arm);
  return {
    id: table.id,
    title: `Training on ${ebm.space.label}`,
    label,
    svg: drawPlot(label, {
      x: {
        type: "log",
        domain: [1, 4000],
        ticks: [1, 10, 100, 1000],
        tickFormat: powerOfTen,
        label: "Adam steps + 1 →",
      },
      y: {
        type: "log",
        domain: [FLOOR, 10],
        ticks: [1e-15, 1e-12, 1e-9, 1e-6, 1e-3, 1],
        tickFormat: powerOfTen,
        label: "↑ risk − entropy, nats",
        grid: true,
      },
      marks: [
        Plot.ruleY([REQUIRED], { stroke: "currentColor", strokeDasharray: "4 3" }),
        ...learningCurve(ebm, { colour: COLOURS.first, width: 1.4, dash: "5 3" }, 1e-10),
        ...learningCurve(arm, { colour: COLOURS.second, width: 2.4 }, 1e-4),
      ],
    }),
    caption: html`Exact risk on all responses of a Zipf target. The dashed rule is 10⁻⁶ nats; gaps below 10⁻¹⁴ are the rounding of
      risks of about ${formatNumber(ebm.entropy, 2)} nats.`,
    table,
  };
};

/** A learning curve, with its name where the gap first falls below a number. */
const learningCurve = (
  { kind, curve: points }: Training,
  look: { readonly colour: string; readonly width: number; readonly dash?: string },
  nameBelow: number,
) =>
  curve(thinned(points), {
    ...look,
    x: ({ step }) => step + 1,
    y: ({ gap }) => Math.max(Math.abs(gap), FLOOR),
    name: kind.toUpperCase(),
    at: labelPoint(points, nameBelow),
    dx: kind === "ebm" ? -8 : 8,
    dy: kind === "ebm" ? 0 : -8,
    anchor: kind === "ebm" ? "end" : "start",
  });

/** First point of a curve below a gap, for its label. */
const labelPoint = (curve: Training["curve"], gap: number) =>
  (curve.find((point) => Math.abs(point.gap) < gap) ?? curve.at(-1)) as Training["curve"][number];

/** About 150 points of a curve, evenly spread over the logarithm of the steps. */
const thinned = (curve: Training["curve"]): Training["curve"] => {
  let next = 1;
  return curve.filter(({ step }) => {
    if (step + 1 < next && step !== curve.length - 1) return false;
    next = Math.max(step + 2, (step + 1) * 1.055);
    return true;
  });
};

const curveTable = (ebm: Training, arm: Training): DataTable => ({
  id: `training-${ebm.space.id}`,
  caption: `Gap to the entropy by step, Zipf target, ${ebm.space.label}`,
  columns: [
    { key: "step", label: "steps" },
    { key: "ebm", label: "EBM gap, nats", format: formatNumber },
    { key: "arm", label: "ARM gap, nats", format: formatNumber },
  ],
  rows: thinned(ebm.curve).map(({ step, gap }) => ({ step, ebm: gap, arm: arm.curve[step]?.gap ?? null })),
});

const finalTable = (trainings: readonly Training[]): DataTable => ({
  id: "training",
  caption: `Gaps after ${formatNumber(STEPS)} Adam steps`,
  columns: [
    { key: "space", label: "space" },
    { key: "target", label: "target" },
    { key: "model", label: "model" },
    { key: "entropy", label: "entropy, nats", format: (value) => formatNumber(value, 6) },
    { key: "gap", label: "gap left, nats", format: formatNumber },
  ],
  rows: trainings.map((training) => ({
    space: training.space.label,
    target: training.target.label,
    model: training.kind.toUpperCase(),
    entropy: training.entropy,
    gap: training.curve.at(-1)?.gap ?? null,
  })),
});

const gapTable = (gaps: readonly LossGap[]): DataTable => ({
  id: "minima",
  caption: "The two losses, and their analytic minima less the entropy",
  columns: [
    { key: "space", label: "space" },
    { key: "target", label: "target" },
    { key: "perResponse", label: "largest difference per response, nats", format: formatNumber },
    { key: "entropy", label: "entropy, nats", format: (value) => formatNumber(value, 6) },
    { key: "ebmGap", label: "EBM gap, nats", format: formatNumber },
    { key: "armGap", label: "ARM gap, nats", format: formatNumber },
  ],
  rows: gaps.map(({ space, target, ...numbers }) => ({ space: space.label, target: target.label, ...numbers })),
});
