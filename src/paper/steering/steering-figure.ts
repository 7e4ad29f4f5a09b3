import type { DataTable, Figure } from "../exhibit.ts";
import { formatNumber, formatPercent } from "../format.ts";
import type { Html } from "../html.ts";
import { COLOURS, curve, drawPlot } from "../plot.ts";
import type { SteeringRow } from "./compare-methods.ts";
import type { SteeringCase } from "./steering-case.ts";
import { labelOf } from "./steering-methods.ts";

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
export const steeringFigure = ({ id, title, rows }: SteeringCase, caption: Html): Figure => {
  const shown = rows.filter(({ method }) => DRAWN.some((drawn) => drawn.method === method));
  const label = `Total variation to the exact conditional against model calls, both logarithmic. ${title}. ${shownOrder(rows)}`;
  const calls = shown.map((row) => row.calls);
  const distances = shown.map(({ totalVariation }) => totalVariation);
  return {
    id: `steering-${id}`,
    title,
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
        ticks: [0.01, 0.03, 0.1, 0.3, 0.5, 1].filter((y) => y >= Math.min(...distances) * 0.8),
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
    caption,
    table: rowsTable(id, title, rows),
  };
};

const rowsTable = (id: string, title: string, rows: readonly SteeringRow[]): DataTable => ({
  id: `steering-${id}`,
  caption: `Every method: ${title}`,
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
