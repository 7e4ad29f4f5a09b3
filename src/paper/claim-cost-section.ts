import { type Cost, type CostMethod, growthExponent, growthPerToken } from "./claim-cost.ts";
import type { DataTable, Figure, Finding, Section } from "./exhibit.ts";
import { formatNumber, powerOfTen } from "./format.ts";
import { html } from "./html.ts";
import { COLOURS, curve, drawPlot } from "./plot.ts";

/** Looks of the curves by method; `at` is the point that the name stands beside. */
const LOOKS = {
  "tree-8": { colour: COLOURS.first, symbol: "circle", at: -1, dx: 0, dy: -12, anchor: "middle" },
  "tree-4": { colour: COLOURS.third, symbol: "square", at: -1, dx: 10, dy: 8, anchor: "start" },
  merged: { colour: COLOURS.second, symbol: "triangle", at: -1, dx: 0, dy: -14, anchor: "end" },
  along: { colour: COLOURS.fourth, symbol: "diamond", at: 6, dx: 8, dy: 18, anchor: "start" },
} as const;

/** Claim 5 as a part of the report. */
export const costSection = (costs: readonly Cost[]): Section => {
  const of = (id: string) => costs.filter(({ method }) => method.id === id);
  const exponents = { along: growthExponent(of("along"), "arcs"), merged: growthExponent(of("merged"), "arcs") };
  const growth = { tree8: growthPerToken(of("tree-8"), "arcs"), tree4: growthPerToken(of("tree-4"), "arcs") };
  return {
    id: "cost",
    heading: "Forth is dear, back is cheap",
    statement: html`<i>M</i> visits every state and action, exponentially many in <i>T</i> on a tree; <i>M</i><sup>−1</sup> along a given
      response costs <i>O</i>(<i>VT</i>) (§3.2).`,
    prose: [
      html`One thread, plain TypeScript, best of several runs. On trees both arcs and time grow by the factor <i>V</i> with each token.
        Along one response they grow in proportion to <i>T</i>. And so they do for <i>M</i> itself where states can be merged
        (theory §7): on 64 states, a horizon of 200 is less work than a tree’s of 6, although it covers 8<sup>200</sup> responses.`,
    ],
    findings: findingsOf(growth, exponents),
    exhibits: [
      costFigure(costs, "milliseconds", "Time against horizon", "↑ milliseconds"),
      costFigure(costs, "arcs", "Work against horizon", "↑ logits computed"),
    ],
    numbers: {
      growth,
      exponents,
      arcs: costs.map(({ method, horizon, arcs }) => ({ method: method.id, horizon, arcs })),
    },
  };
};

const findingsOf = (
  growth: { readonly tree8: number; readonly tree4: number },
  exponents: { readonly along: number; readonly merged: number },
): Finding[] => [
  {
    label: "factor for one more token: arcs of M on a tree, V = 8",
    value: `× ${formatNumber(growth.tree8, 4)}`,
    holds: Math.abs(growth.tree8 - 8) < 0.1,
  },
  {
    label: "factor for one more token: arcs of M on a tree, V = 4",
    value: `× ${formatNumber(growth.tree4, 4)}`,
    holds: Math.abs(growth.tree4 - 4) < 0.1,
  },
  {
    label: "power of T: arcs of M⁻¹ along a response",
    value: formatNumber(exponents.along, 4),
    holds: Math.abs(exponents.along - 1) < 0.01,
  },
  {
    label: "power of T: arcs of M on merged states",
    value: formatNumber(exponents.merged, 4),
    holds: Math.abs(exponents.merged - 1) < 0.01,
  },
];

const costFigure = (costs: readonly Cost[], of: "milliseconds" | "arcs", title: string, axis: string): Figure => {
  const methods = [...new Set(costs.map(({ method }) => method))];
  const label =
    `${title}, both axes logarithmic, for ${methods.map(({ label }) => label).join("; ")}. On trees the curves bend upwards, ` +
    "exponentially; the other two are straight lines of slope 1.";
  const table = costTable(costs, of);
  return {
    id: table.id,
    title,
    label,
    svg: drawPlot(label, {
      height: 340,
      x: {
        type: "log",
        domain: [1, 220],
        ticks: [1, 2, 5, 10, 20, 50, 100, 200],
        tickFormat: String,
        label: "horizon T →",
      },
      y: {
        type: "log",
        domain: of === "arcs" ? [1, 1e7] : [1e-4, 1e3],
        ticks: of === "arcs" ? [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7] : [1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1e3],
        tickFormat: powerOfTen,
        label: axis,
        grid: true,
      },
      marks: methods.flatMap((method) =>
        curveOf(
          method,
          costs.filter((cost) => cost.method === method),
          of,
        ),
      ),
    }),
    caption:
      of === "arcs"
        ? html`Counted, not estimated: the length of all arrays that are filled.`
        : html`Best of several runs on the machine named below; times differ from run to run.`,
    table,
  };
};

const curveOf = (method: CostMethod, costs: readonly Cost[], of: "milliseconds" | "arcs") => {
  const { at, ...look } = LOOKS[method.id as keyof typeof LOOKS];
  return curve(costs, {
    ...look,
    x: ({ horizon }) => horizon,
    y: (cost) => cost[of],
    name: method.label,
    at: costs.at(at) as Cost,
  });
};

const costTable = (costs: readonly Cost[], of: "milliseconds" | "arcs"): DataTable => ({
  id: of === "arcs" ? "cost-arcs" : "cost-time",
  caption: of === "arcs" ? "Logits computed, by horizon" : "Time by horizon",
  columns: [
    { key: "method", label: "method" },
    { key: "horizon", label: "T" },
    { key: of, label: of === "arcs" ? "logits" : "milliseconds", format: formatNumber },
  ],
  rows: costs.map((cost) => ({ method: cost.method.label, horizon: cost.horizon, [of]: cost[of] })),
  ...(of === "milliseconds" ? { measured: true } : {}),
});
