import * as Plot from "@observablehq/plot";
import { sharpCurve } from "../claim-bounds.ts";
import type { DataTable, Figure } from "../exhibit.ts";
import { formatNumber, powerOfTen } from "../format.ts";
import { html } from "../html.ts";
import { COLOURS, curve, drawPlot } from "../plot.ts";
import type { Pair } from "./pair.ts";

/** Divergence of EBM and ARM against the distance of their logits, at every step looked at, with the bounds: figure 5. */
export const trainedDivergenceFigure = (pairs: readonly Pair[], id: string): Figure => {
  const { space } = (pairs[0] as Pair).goal;
  const { horizon } = space.space;
  const points = pairs.flatMap((pair) => pair.points.map((point) => ({ ...point, pair })));
  const distances = points.map(({ comparison }) => comparison.distance.gaugeFree);
  const [near, far] = [Math.min(...distances) * 0.7, Math.max(...distances) * 1.5];
  const lowest = Math.min(...points.map(({ comparison }) => Math.min(comparison.kl.forward, comparison.kl.reverse)));
  const grid = Array.from({ length: 41 }, (_, i) => near * (far / near) ** (i / 40));
  const label =
    `Divergence between EBM and ARM against the largest distance of their logits during training, ${space.label}, both logarithmic. ` +
    "Every point lies below the sharp bound, and that below the paper's, which is a straight line far above.";
  const line = { x: (distance: number) => distance, anchor: "middle" as const, dy: -12 };
  return {
    id: `${id}-${space.id}`,
    title: `Divergence against distance while training: ${space.label}`,
    label,
    svg: drawPlot(label, {
      height: 340,
      x: {
        type: "log",
        domain: [near, far],
        tickFormat: String,
        ticks: ticksOf(near, far),
        label: "largest gauge-free distance, nats →",
      },
      y: {
        type: "log",
        domain: [10 ** Math.floor(Math.log10(lowest)), 2 * horizon * far],
        ticks: decadesFrom(lowest, 2 * horizon * far),
        tickFormat: powerOfTen,
        label: "↑ KL, nats",
        grid: true,
      },
      marks: [
        Plot.dot(
          points.flatMap(({ comparison }) => [
            { x: comparison.distance.gaugeFree, y: comparison.kl.forward, way: "circle" },
            { x: comparison.distance.gaugeFree, y: comparison.kl.reverse, way: "triangle" },
          ]),
          { x: "x", y: "y", symbol: (point: { way: string }) => point.way, stroke: COLOURS.muted, r: 2.6 },
        ),
        ...curve(grid, {
          ...line,
          y: (distance) => 2 * horizon * distance,
          colour: COLOURS.second,
          name: "2Tε (paper)",
          at: grid[13] as number,
        }),
        ...curve(grid, {
          ...line,
          y: (distance) => sharpCurve(horizon, distance),
          colour: COLOURS.first,
          name: "T·h(ρ̄)",
          at: grid[8] as number,
        }),
      ],
    }),
    caption: html`Every training on this space at every step looked at. Circles: KL(EBM‖ARM), triangles: KL(ARM‖EBM). Distances are between
      the ARM’s logits and <i>M</i> of the EBM’s reward, ½ max<sub>s</sub> range<sub>a</sub>, over all states, the rarest too.`,
    table: divergenceTable(pairs, `${id}-${space.id}`),
  };
};

const ticksOf = (low: number, high: number): number[] =>
  [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100].filter((tick) => tick >= low && tick <= high);

const decadesFrom = (low: number, high: number): number[] => {
  const [first, last] = [Math.floor(Math.log10(low)), Math.floor(Math.log10(high))];
  return Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i));
};

const divergenceTable = (pairs: readonly Pair[], id: string): DataTable => ({
  id,
  caption: "EBM against ARM, in nats: divergences, distances and bounds",
  columns: [
    { key: "target", label: "target" },
    { key: "size", label: "size" },
    { key: "learningRate", label: "learning rate" },
    ...[
      "start",
      "step",
      "gaugeFree",
      "raw",
      "forward",
      "reverse",
      "expectedForward",
      "expectedReverse",
      "sharp",
      "paper",
    ].map((key) => ({
      key,
      label: LABELS[key] ?? key,
      format: formatNumber,
    })),
  ],
  rows: pairs.flatMap(({ goal, points }) =>
    points.map(({ step, comparison: { distance, kl, bounds } }) => ({
      target: goal.target.label,
      size: goal.size.label,
      learningRate: String(goal.learningRate),
      start: goal.start + 1,
      step,
      ...distance,
      ...kl,
      expectedForward: bounds.sharpExpected.forward,
      expectedReverse: bounds.sharpExpected.reverse,
      sharp: bounds.sharp,
      paper: bounds.paper,
    })),
  ),
});

const LABELS: Readonly<Record<string, string>> = {
  step: "steps",
  gaugeFree: "gauge-free distance",
  raw: "raw distance",
  forward: "KL(EBM‖ARM)",
  reverse: "KL(ARM‖EBM)",
  expectedForward: "Σ E h(ρ(s)), EBM’s responses",
  expectedReverse: "Σ E h(ρ(s)), ARM’s responses",
  sharp: "T·h(ρ̄)",
  paper: "2Tε (raw)",
};
