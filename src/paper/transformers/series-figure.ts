import * as Plot from "@observablehq/plot";
import type { DataTable, Figure, KeyEntry, MarkSymbol } from "../exhibit.ts";
import { powerOfTen } from "../format.ts";
import type { Html } from "../html.ts";
import { COLOURS, decades, drawPlot } from "../plot.ts";
import type { Pair, PairPoint } from "./pair.ts";

/** A quantity of pairs against their steps: a line at the median of the starts, a band from least to largest. */
export interface Series {
  readonly label: string;
  readonly pairs: readonly Pair[];
  readonly value: (point: PairPoint, pair: Pair) => number;
  readonly colour: string;
  readonly symbol: MarkSymbol;
  readonly dash?: string;
}

/** Draws quantities against the number of steps, which are spread over the logarithm. */
export const seriesFigure = (options: {
  readonly id: string;
  readonly title: string;
  readonly label: string;
  readonly caption: Html;
  readonly series: readonly Series[];
  /** Name of the vertical axis. */
  readonly axis: string;
  /** Least value drawn on a logarithmic axis; without it the axis is linear. */
  readonly floor?: number;
  /** A horizontal line with a name. */
  readonly rule?: { readonly at: number; readonly label: string };
  readonly table: DataTable;
}): Figure => {
  const { id, title, label, caption, series, axis, floor, rule, table } = options;
  const curves = series.map((each) => ({ ...each, rows: rowsOf(each, floor) }));
  const highest = Math.max(...curves.flatMap(({ rows }) => rows.map((row) => row.high)));
  const lowest = Math.min(rule?.at ?? Infinity, ...curves.flatMap(({ rows }) => rows.map((row) => row.low)));
  const steps = Math.max(...curves.flatMap(({ rows }) => rows.map((row) => row.step)));
  const svg = drawPlot(label, {
    height: 330,
    x: {
      type: "log",
      domain: [1, steps * 1.1],
      ticks: [1, 10, 100, 1000].filter((tick) => tick <= steps),
      tickFormat: String,
      label: "Adam steps + 1 →",
    },
    y:
      floor === undefined
        ? { domain: [lowest - 0.03 * (highest - lowest), highest], ticks: 6, label: axis, grid: true }
        : {
            type: "log",
            domain: [10 ** Math.floor(Math.log10(lowest)), 10 ** Math.ceil(Math.log10(highest))],
            ticks: decades(lowest, highest),
            tickFormat: powerOfTen,
            label: axis,
            grid: true,
          },
    marks: [
      ...(rule ? ruleMarks(rule) : []),
      ...curves.map(({ rows, colour }) =>
        Plot.areaY(rows, { x: "step", y1: "low", y2: "high", fill: colour, fillOpacity: 0.2 }),
      ),
      ...curves.flatMap(({ rows, colour, symbol, dash = "" }) => [
        Plot.line(rows, { x: "step", y: "median", stroke: colour, strokeWidth: 1.8, strokeDasharray: dash }),
        Plot.dot(
          rows.filter((_, index) => index % 4 === 0 || index === rows.length - 1),
          {
            x: "step",
            y: "median",
            fill: colour,
            symbol,
            r: 3.8,
            stroke: COLOURS.surface,
          },
        ),
      ]),
    ],
  });
  return { id, title, label, svg, key: series.map(keyOf), caption, table };
};

const keyOf = ({ label, colour, symbol }: Series): KeyEntry => ({ label, colour, symbol });

const ruleMarks = ({ at, label }: { at: number; label: string }): Plot.Markish[] => [
  Plot.ruleY([at], { stroke: "currentColor", strokeDasharray: "4 3" }),
  Plot.text([at], {
    y: at,
    frameAnchor: "left",
    textAnchor: "start",
    text: () => label,
    fill: "currentColor",
    dx: 6,
    dy: -9,
    stroke: COLOURS.surface,
    strokeWidth: 4,
    paintOrder: "stroke",
  }),
];

interface Row {
  /** Steps + 1, so that the beginning has a place on a logarithmic axis. */
  readonly step: number;
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

const rowsOf = ({ pairs, value }: Series, floor: number | undefined): Row[] =>
  (pairs[0]?.points ?? []).map(({ step }, index) => {
    const values = pairs.map((pair) => Math.max(value(pair.points[index] as PairPoint, pair), floor ?? -Infinity));
    return { step: step + 1, low: Math.min(...values), median: median(values), high: Math.max(...values) };
  });

/** Middle of some numbers, or the mean of the two in the middle. */
export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
};
