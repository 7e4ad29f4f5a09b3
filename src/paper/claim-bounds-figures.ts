import * as Plot from "@observablehq/plot";
import { type BoundTrial, ratiosOf, sharpCurve } from "./claim-bounds.ts";
import type { DataTable, Figure } from "./exhibit.ts";
import { formatNumber, powerOfTen } from "./format.ts";
import { html } from "./html.ts";
import { COLOURS, curve, drawPlot } from "./plot.ts";

/** Directions of a divergence: from the target to the student, and back. */
export const WAYS = ["forward", "reverse"] as const;

/** The three bounds, with their looks. */
export const BOUNDS = [
  { key: "paper", name: "2Tε (paper)", colour: COLOURS.second, symbol: "square", at: 4, dx: 34, dy: 16 },
  { key: "sharp", name: "T·h(ρ̄)", colour: COLOURS.first, symbol: "circle", at: 3, dx: 0, dy: 17 },
  { key: "sharpExpected", name: "Σ E h(ρ(s))", colour: COLOURS.third, symbol: "triangle", at: 3, dx: 0, dy: -15 },
] as const;

/** Divergences against distances, with the bounds. */
export const divergenceFigure = (random: readonly BoundTrial[], worst: readonly BoundTrial[]): Figure => {
  const label =
    "Kullback–Leibler divergence against distance of logits, both logarithmic. Divergences of random perturbations fall " +
    "with the square of the distance, like the sharp bound above them; the paper's bound falls linearly and lies far above.";
  return {
    id: "bounds-divergence",
    title: "Divergence against distance",
    label,
    svg: drawPlot(label, {
      height: 330,
      x: { type: "log", ticks: [0.01, 0.1, 1], tickFormat: String, label: "gauge-free distance of logits, nats →" },
      y: {
        type: "log",
        domain: [1e-6, 20],
        ticks: [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10],
        tickFormat: powerOfTen,
        label: "↑ KL, nats",
        grid: true,
      },
      marks: [...boundCurves(random[0]?.space.space.horizon ?? 1), ...divergenceMarks(random, worst)],
    }),
    caption: html`Hollow: random perturbations, KL(target‖student) as circles and KL(student‖target) as triangles. Filled: the worst
      case, which lies on the sharp bound. Distances are gauge-free, ½ max<sub>s</sub> range<sub>a</sub>.`,
    table: medianTable(random),
  };
};

const boundCurves = (horizon: number): Plot.Markish[] => {
  const distances = Array.from({ length: 41 }, (_, i) => 10 ** (-2.2 + (2.3 * i) / 40));
  const [paper, sharp] = BOUNDS;
  const common = { x: (distance: number) => distance, dx: -6, dy: -10, anchor: "end" as const };
  return [
    ...curve(distances, { ...common, y: (d) => 2 * horizon * d, colour: paper.colour, name: paper.name, at: 0.03 }),
    ...curve(distances, {
      ...common,
      y: (d) => sharpCurve(horizon, d),
      colour: sharp.colour,
      name: sharp.name,
      at: 0.02,
    }),
  ];
};

const divergenceMarks = (random: readonly BoundTrial[], worst: readonly BoundTrial[]): Plot.Markish[] => {
  const points = random.flatMap(({ comparison }) =>
    WAYS.map((way) => ({
      distance: comparison.distance.gaugeFree,
      kl: comparison.kl[way],
      symbol: way === "forward" ? "circle" : "triangle",
    })),
  );
  return [
    Plot.dot(points, {
      x: "distance",
      y: "kl",
      stroke: COLOURS.muted,
      r: 2.4,
      symbol: (point: { symbol: string }) => point.symbol,
    }),
    Plot.dot(
      worst.filter(({ scale }) => scale <= 1),
      {
        x: ({ comparison }: BoundTrial) => comparison.distance.gaugeFree,
        y: ({ comparison }: BoundTrial) => comparison.kl.forward,
        fill: COLOURS.first,
        stroke: COLOURS.surface,
        r: 4.5,
      },
    ),
  ];
};

const medianTable = (random: readonly BoundTrial[]): DataTable => ({
  id: "bounds-divergence",
  caption: "Medians by scale of the perturbation, nats",
  columns: [
    { key: "scale", label: "scale", format: formatNumber },
    { key: "distance", label: "distance", format: formatNumber },
    { key: "forward", label: "KL(target‖student)", format: formatNumber },
    { key: "reverse", label: "KL(student‖target)", format: formatNumber },
    { key: "sharp", label: "sharp bound", format: formatNumber },
    { key: "paper", label: "paper’s bound", format: formatNumber },
  ],
  rows: byScale(random).map(({ scale, trials }) => {
    const middle = (of: (comparison: BoundTrial["comparison"]) => number) =>
      median(trials.map(({ comparison }) => of(comparison)));
    return {
      scale,
      distance: middle(({ distance }) => distance.gaugeFree),
      forward: middle(({ kl }) => kl.forward),
      reverse: middle(({ kl }) => kl.reverse),
      sharp: middle(({ bounds }) => bounds.sharp),
      paper: middle(({ bounds }) => bounds.paper),
    };
  }),
});

interface RatioRow {
  readonly scale: number;
  readonly paper: number;
  readonly sharp: number;
  readonly sharpExpected: number;
}

/** Share of each bound that divergences use, against the scale of the perturbation. */
export const ratioFigure = (random: readonly BoundTrial[]): Figure => {
  const rows = ratioRows(random);
  const label =
    "Median divergence over each bound, by scale of the perturbation. The paper's ratio falls towards 0 with the scale; " +
    "both sharp ratios stay level.";
  return {
    id: "bounds-ratio",
    title: "How much of each bound is used",
    label,
    svg: drawPlot(label, {
      height: 330,
      marginRight: 24,
      x: { type: "log", ticks: [0.01, 0.1, 1], tickFormat: String, label: "scale of the perturbation, nats →" },
      y: {
        type: "log",
        domain: [3e-4, 1.2],
        ticks: [1e-3, 1e-2, 0.1, 1],
        tickFormat: String,
        label: "↑ KL / bound",
        grid: true,
      },
      marks: [
        Plot.ruleY([1], { stroke: "currentColor", strokeDasharray: "4 3" }),
        ...BOUNDS.flatMap(({ key, at, ...look }) =>
          curve(rows, { ...look, x: ({ scale }) => scale, y: (row) => row[key], at: rows[at] as RatioRow }),
        ),
      ],
    }),
    caption: html`Medians over spaces, draws and both directions. 1 would be a bound that is attained.`,
    table: {
      id: "bounds-ratio",
      caption: "Median KL / bound by scale of the perturbation",
      columns: [
        { key: "scale", label: "scale", format: formatNumber },
        ...BOUNDS.map(({ key, name }) => ({ key, label: name, format: formatNumber })),
      ],
      rows: rows.map((row) => ({ ...row })),
    },
  };
};

const ratioRows = (random: readonly BoundTrial[]): RatioRow[] =>
  byScale(random).map(({ scale, trials }) => {
    const middle = (key: (typeof BOUNDS)[number]["key"]) =>
      median(trials.flatMap((trial) => WAYS.map((way) => ratiosOf(trial)[key][way])));
    return { scale, paper: middle("paper"), sharp: middle("sharp"), sharpExpected: middle("sharpExpected") };
  });

const byScale = (trials: readonly BoundTrial[]) =>
  [...new Set(trials.map(({ scale }) => scale))].map((scale) => ({
    scale,
    trials: trials.filter((trial) => trial.scale === scale),
  }));

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
};
