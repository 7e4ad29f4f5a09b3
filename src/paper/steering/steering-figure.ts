import type { DataTable, Figure } from "../exhibit.ts";
import { formatNumber, formatPercent } from "../format.ts";
import { html } from "../html.ts";
import { COLOURS, curve, drawPlot } from "../plot.ts";
import { STEERING_METHODS } from "./steering-methods.ts";
import type { SteeringCase, SteeringRow } from "./steering-study.ts";

/** Curves that are drawn, and how; the table has all methods. */
const DRAWN = [
  { method: "masking", colour: COLOURS.muted, symbol: "triangle", dash: "5 3" },
  { method: "importance", colour: COLOURS.second, symbol: "square", dash: "" },
  { method: "smc", colour: COLOURS.third, symbol: "diamond", dash: "" },
  { method: "importanceSurrogate", colour: COLOURS.first, symbol: "circle", dash: "" },
] as const;

/** How the curves lie at the largest budget, in words. */
const shownOrder = (rows: readonly SteeringRow[]): string => {
  const last = DRAWN.map(({ method }) => rows.filter((row) => row.method === method).at(-1) as SteeringRow);
  const sorted = last.toSorted((a, b) => a.totalVariation - b.totalVariation);
  return `At the largest budget, from the least: ${sorted.map(({ method, totalVariation }) => `${labelOf(method)} ${formatNumber(totalVariation, 2)}`).join(", ")}.`;
};

/** Total variation to the exact conditional against model calls, on one wish. */
export const steeringFigure = ({ wish, rows }: SteeringCase): Figure => {
  const shown = rows.filter(({ method }) => DRAWN.some((drawn) => drawn.method === method));
  const label =
    `Total variation to the exact conditional against model calls, both logarithmic, for a name that ${wish.label}. ` +
    shownOrder(rows);
  const calls = shown.map((row) => row.calls);
  const distances = shown.map(({ totalVariation }) => totalVariation);
  return {
    id: `steering-${wish.id}`,
    title: `A name that ${wish.label}`,
    label,
    svg: drawPlot(label, {
      x: {
        type: "log",
        domain: [Math.min(...calls) * 0.8, Math.max(...calls) * 1.5],
        ticks: [10, 30, 100, 300, 1000, 3000, 10_000].filter(
          (x) => x >= Math.min(...calls) * 0.8 && x <= Math.max(...calls) * 1.5,
        ),
        tickFormat: (x: number) => x.toLocaleString("en-US"),
        label: "model calls of a run →",
      },
      y: {
        type: "log",
        domain: [Math.min(...distances) * 0.8, 1.1],
        ticks: [0.01, 0.03, 0.1, 0.3, 1].filter((y) => y >= Math.min(...distances) * 0.8),
        tickFormat: String,
        label: "↑ total variation",
        grid: true,
      },
      marks: DRAWN.flatMap(({ method, ...look }) => {
        const of = rows.filter((row) => row.method === method);
        return curve(of, {
          ...look,
          x: (row) => row.calls,
          y: ({ totalVariation }) => totalVariation,
          // the curves lie close: their names stand in a key
          name: "",
          at: of.at(-1) as SteeringRow,
        });
      }),
    }),
    key: DRAWN.map(({ method, colour, symbol }) => ({ label: labelOf(method), colour, symbol })),
    caption: html`Means over runs. The exact answer is known by <i>M</i> over the automaton of the pattern; a run’s responses count by their weights.`,
    table: rowsTable(wish.id, wish.label, rows),
  };
};

export const labelOf = (id: string): string => STEERING_METHODS.find((method) => method.id === id)?.label ?? id;

const rowsTable = (id: string, label: string, rows: readonly SteeringRow[]): DataTable => ({
  id: `steering-${id}`,
  caption: `Every method: a name that ${label}`,
  columns: [
    { key: "method", label: "method" },
    { key: "budget", label: "particles", format: formatNumber },
    { key: "calls", label: "model calls", format: (value) => formatNumber(Math.round(value)) },
    { key: "totalVariation", label: "total variation", format: formatNumber },
    { key: "kl", label: "KL(run ‖ exact), nats", format: formatNumber },
    { key: "effective", label: "effective share", format: formatPercent },
    { key: "failed", label: "runs that found nothing", format: formatPercent },
  ],
  rows: rows.map(({ method, budget, calls, totalVariation, kl, effective, failed }) => ({
    method: labelOf(method),
    budget,
    calls,
    totalVariation,
    kl,
    effective,
    failed,
  })),
});
