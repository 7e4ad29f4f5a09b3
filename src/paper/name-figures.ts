import * as Plot from "@observablehq/plot";
import type { DataTable, Figure } from "./exhibit.ts";
import { LONGEST_NAME } from "./first-names.ts";
import { formatNumber, formatPercent } from "./format.ts";
import { html } from "./html.ts";
import type { Conditioning, RankedName } from "./name-patterns.ts";
import { COLOURS, curve, drawPlot, nameMark } from "./plot.ts";

const LOOKS = {
  exact: { colour: COLOURS.first, symbol: "circle", name: "exact" },
  masked: { colour: COLOURS.second, symbol: "square", name: "masking" },
} as const;

const WAYS = ["masked", "exact"] as const;

/** The ten likeliest names of the exact conditional, with what masking makes of them. */
export const topFigure = (conditioning: Conditioning): Figure => {
  const { pattern, best } = conditioning;
  const first = best.exact[0] as RankedName;
  const label =
    `The likeliest names, where a name ${pattern.label}: probability under the exact conditional and under masking. First is ` +
    `${first.name}: ${formatPercent(first.exact)} exactly, ${formatPercent(first.masked)} under masking.`;
  return {
    id: `names-${pattern.id}-top`,
    title: "The likeliest names",
    label,
    svg: drawPlot(label, {
      height: 66 + 24 * best.exact.length,
      marginLeft: 84,
      marginTop: 30,
      x: { label: "probability, % →", domain: [0, 100 * first.exact * 1.06], grid: true, ticks: 5 },
      y: { domain: best.exact.map(({ name }) => name), label: null, tickSize: 0 },
      marks: dumbbells(best.exact),
    }),
    caption: html`Of the exact conditional, with their probability under masking, given that it finishes.`,
    table: topTable(conditioning),
  };
};

const dumbbells = (names: readonly RankedName[]): Plot.Markish[] => [
  Plot.link(names, {
    x1: (row: RankedName) => 100 * row.masked,
    x2: (row: RankedName) => 100 * row.exact,
    y1: "name",
    y2: "name",
    stroke: COLOURS.muted,
    strokeWidth: 1.5,
  }),
  ...WAYS.flatMap((way) => {
    const { colour, symbol, name } = LOOKS[way];
    const x = (row: RankedName) => 100 * row[way];
    return [
      Plot.dot(names, { x, y: "name", fill: colour, symbol, r: 4.5, stroke: COLOURS.surface }),
      nameMark({ x, y: (row) => row.name as never, colour, name, at: names[0] as RankedName, dy: -15 }),
    ];
  }),
];

const topTable = ({ pattern, best }: Conditioning): DataTable => ({
  id: `names-${pattern.id}-top`,
  caption: `The likeliest names, where a name ${pattern.label}`,
  columns: [
    { key: "list", label: "among the ten of" },
    { key: "name", label: "name" },
    { key: "exact", label: "exact", format: formatPercent },
    { key: "masked", label: "masking", format: formatPercent },
  ],
  rows: [
    ...best.exact.map((row) => ({ list: "exact", ...row })),
    ...best.masked.map((row) => ({ list: "masking", ...row })),
  ],
});

/** How many letters the names have, exactly and under masking. */
export const lengthFigure = ({ pattern, lengths }: Conditioning): Figure => {
  const rows = lengths.filter(({ length }) => length > 0);
  const mean = (way: (typeof WAYS)[number]) => rows.reduce((sum, row) => sum + row.length * row[way], 0);
  const label =
    `Probability of each number of letters, where a name ${pattern.label}. Names have ${formatNumber(mean("exact"))} letters on ` +
    `average exactly, ${formatNumber(mean("masked"))} under masking.`;
  return {
    id: `names-${pattern.id}-lengths`,
    title: "Their lengths",
    label,
    svg: drawPlot(label, {
      height: 306,
      x: { label: "letters →", ticks: [1, 3, 5, 7, 9, 11, 13], tickFormat: String, domain: [0.6, LONGEST_NAME + 0.4] },
      y: { label: "↑ probability, %", grid: true, ticks: 5, zero: true },
      marks: WAYS.flatMap((way) => {
        const peak = rows.reduce((a, b) => (b[way] > a[way] ? b : a));
        // the name beside the highest point, but clear of the frame
        const at = peak.length === LONGEST_NAME ? (rows.at(-2) as (typeof rows)[number]) : peak;
        return curve(rows, { ...LOOKS[way], x: ({ length }) => length, y: (row) => 100 * row[way], at, dy: -14 });
      }),
    }),
    caption: html`Masking lets a name run on until it happens to fit, or until it is too long: its names are
      ${formatNumber(mean("masked") - mean("exact"), 2)} letters longer on average.`,
    table: {
      id: `names-${pattern.id}-lengths`,
      caption: `Number of letters, where a name ${pattern.label}`,
      columns: [
        { key: "length", label: "letters" },
        { key: "exact", label: "exact", format: (value) => formatPercent(Math.abs(value)) },
        { key: "masked", label: "masking", format: (value) => formatPercent(Math.abs(value)) },
      ],
      rows,
    },
  };
};
