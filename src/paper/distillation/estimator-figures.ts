import * as Plot from "@observablehq/plot";
import type { DataTable, Figure } from "../exhibit.ts";
import { formatNumber } from "../format.ts";
import { type Html, html } from "../html.ts";
import type { KlEstimatorRow, KlEstimatorStudy } from "../kl-estimators/index.ts";
import { COLOURS, drawPlot, LOOKS } from "../plot.ts";

/** What is 0, or less than this, is drawn here. */
const FLOOR = 0.01;

/** Bias and scatter of one estimator, relative to what is estimated. */
interface Error {
  readonly label: string;
  readonly bias: number;
  readonly scatter: number;
}

/** Bias and scatter of the values. */
export const valueFigure = ({ rows, kl, batch }: KlEstimatorStudy): Figure =>
  errorFigure({
    id: "kl-estimators-value",
    title: "As a value",
    what: "the exact divergence",
    errors: rows.map(({ label, value }) => ({
      label,
      bias: Math.abs(value.limit / kl - 1),
      scatter: value.standardDeviation / kl,
    })),
    caption: html`Relative to the exact divergence; batches of ${batch}. A bias of 0 stands at the left edge.`,
  });

/** Bias and scatter of the gradients. */
export const gradientFigure = ({ rows, batch }: KlEstimatorStudy): Figure =>
  errorFigure({
    id: "kl-estimators-gradient",
    title: "As a loss: its gradient",
    what: "the exact gradient",
    errors: rows.map(({ label, gradient }: KlEstimatorRow) => ({
      label,
      bias: gradient.limitDistance,
      scatter: gradient.standardDeviation,
    })),
    caption: html`Relative to the length of the exact gradient; batches of ${batch}. A bias of 1 is as bad as no gradient at all.`,
  });

const errorFigure = (options: {
  readonly id: string;
  readonly title: string;
  readonly what: string;
  readonly errors: readonly Error[];
  readonly caption: Html;
}): Figure => {
  const { id, title, what, errors, caption } = options;
  const unbiased = errors.filter(({ bias }) => bias < 1e-9).map((error) => error.label);
  const label = `Bias and scatter of each estimator, relative to ${what}, logarithmic. Unbiased: ${unbiased.join("; ")}.`;
  const highest = Math.max(1, ...errors.flatMap(({ bias, scatter }) => [bias, scatter]));
  const svg = drawPlot(label, {
    height: 70 + 36 * errors.length,
    marginLeft: 16,
    marginTop: 14,
    x: {
      type: "log",
      domain: [FLOOR, 10 ** Math.ceil(Math.log10(highest))],
      ticks: [0.01, 0.1, 1, 10, 100].filter((tick) => tick <= 10 ** Math.ceil(Math.log10(highest))),
      tickFormat: (tick: number) => (tick === FLOOR ? "≤ 0.01" : String(tick)),
      label: `relative to ${what} →`,
      grid: true,
    },
    y: { domain: errors.map((error) => error.label), axis: null },
    marks: [
      Plot.ruleY(errors, { y: "label", stroke: COLOURS.rule }),
      Plot.text(errors, {
        y: "label",
        text: "label",
        frameAnchor: "left",
        textAnchor: "start",
        dy: -13,
        fill: "currentColor",
        fontSize: 12,
      }),
      ...(["scatter", "bias"] as const).map((key) => {
        const { colour, symbol } = SERIES[key];
        const x = (error: Error) => Math.max(error[key], FLOOR);
        return Plot.dot(errors, {
          x,
          y: "label",
          fill: colour,
          symbol,
          r: 4.5,
          stroke: COLOURS.surface,
          dy: key === "bias" ? -2.5 : 2.5,
        });
      }),
    ],
  });
  return { id, title, label, svg, key: Object.values(SERIES), caption, table: errorTable(id, what, errors) };
};

const SERIES = {
  bias: { label: "bias, in the limit of large batches", ...LOOKS[1] },
  scatter: { label: "standard deviation of one batch", ...LOOKS[0] },
} as const;

const errorTable = (id: string, what: string, errors: readonly Error[]): DataTable => ({
  id,
  caption: `Bias and scatter relative to ${what}`,
  columns: [
    { key: "label", label: "estimator" },
    { key: "bias", label: "bias", format: (value) => formatNumber(value < 1e-9 ? 0 : value, 2) },
    { key: "scatter", label: "standard deviation", format: (value) => formatNumber(value, 2) },
  ],
  rows: errors.map((error) => ({ ...error })),
});
