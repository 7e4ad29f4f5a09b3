import * as Plot from "@observablehq/plot";
import type { KeyEntry } from "./exhibit.ts";
import { powerOfTen } from "./format.ts";
import type { Html } from "./html.ts";
import { COLOURS, drawPlot, LOOKS } from "./plot.ts";

/** An error of one kind under one law of numbers. */
export interface ErrorPoint {
  readonly row: string;
  readonly series: string;
  readonly error: number;
}

/** Errors below this are drawn here: 0 has no logarithm. */
const FLOOR = 1e-17;

/** Errors as dots on a logarithmic axis, a row for each law, with the tolerance they must stay below; and their key. */
export const drawErrors = (
  label: string,
  points: readonly ErrorPoint[],
  tolerance: number,
): { svg: Html; key: readonly KeyEntry[] } => {
  const series = [...new Set(points.map((point) => point.series))];
  const rows = [...new Set(points.map((point) => point.row))];
  const key = series.map((name, index) => ({ label: name, ...(LOOKS[index] as (typeof LOOKS)[number]) }));
  const spread = 26 / series.length;
  const svg = drawPlot(label, {
    height: 62 + 44 * rows.length,
    marginLeft: 142,
    marginTop: 20,
    x: {
      type: "log",
      domain: [FLOOR, 1e-11],
      ticks: [1e-17, 1e-16, 1e-15, 1e-14, 1e-13, 1e-12],
      tickFormat: (value: number) => (value === FLOOR ? "0" : powerOfTen(value)),
      label: "relative error →",
      grid: true,
    },
    y: { domain: rows, label: null, tickSize: 0 },
    marks: [
      Plot.ruleX([tolerance], { stroke: "currentColor", strokeDasharray: "4 3" }),
      Plot.text([tolerance], { x: tolerance, frameAnchor: "top", text: () => "required", dy: -15 }),
      Plot.ruleY(rows, { y: (row: string) => row, stroke: COLOURS.rule }),
      ...key.map(({ label: name, colour, symbol }, index) =>
        Plot.dot(
          points.filter((point) => point.series === name),
          {
            x: (point: ErrorPoint) => Math.max(point.error, FLOOR),
            y: "row",
            fill: colour,
            symbol,
            r: 4.5,
            stroke: COLOURS.surface,
            strokeWidth: 1,
            dy: (index - (series.length - 1) / 2) * spread,
          },
        ),
      ),
    ],
  });
  return { svg, key };
};
