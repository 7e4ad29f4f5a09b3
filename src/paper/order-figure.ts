import type { DataTable, Figure } from "./exhibit.ts";
import type { orderSearch } from "./first-names.ts";
import { formatNumber } from "./format.ts";
import { html } from "./html.ts";
import { COLOURS, curve, drawPlot } from "./plot.ts";

type Search = ReturnType<typeof orderSearch>;

/** Held-out and fitted bits per letter against the order of the model. */
export const orderFigure = (search: Search): Figure => {
  const best = search.reduce((a, b) => (b.bits < a.bits ? b : a));
  const label =
    `Bits per letter against the order of the n-gram model. Held-out bits are least, ${formatNumber(best.bits)}, at order ` +
    `${best.order}; bits of the fitted names fall with every order.`;
  return {
    id: "names-orders",
    title: "Choosing the order",
    label,
    svg: drawPlot(label, {
      x: { ticks: [1, 2, 3, 4, 5, 6, 7], tickFormat: String, label: "order of the model →", domain: [0.8, 7.3] },
      y: { domain: [1.8, 4.3], ticks: [2, 2.5, 3, 3.5, 4], label: "↑ bits per letter", grid: true },
      marks: curvesOf(search),
    }),
    caption: html`One name in ten was held out, chosen by seed. The end of a name counts as a letter.`,
    table: orderTable(search),
  };
};

const curvesOf = (search: Search) => {
  const most = Math.max(...search.map(({ minimumCount }) => minimumCount));
  const of = (minimumCount: number) => search.filter((row) => row.minimumCount === minimumCount);
  const bits = {
    x: ({ order }: Search[number]) => order,
    y: (row: Search[number]) => row.bits,
    anchor: "start" as const,
  };
  const [all, frequent] = [of(1), of(most)];
  const at = (rows: Search, order: number) =>
    (rows.find((row) => row.order === order) ?? rows.at(-1)) as Search[number];
  return [
    ...curve(all, {
      ...bits,
      y: ({ fittedBits }) => fittedBits,
      colour: COLOURS.muted,
      symbol: "triangle",
      dash: "5 3",
      name: "fitted, all contexts",
      at: at(all, 5),
      dx: 0,
      dy: -14,
    }),
    ...curve(all, {
      ...bits,
      colour: COLOURS.first,
      symbol: "circle",
      name: "held out, all contexts",
      at: at(all, 4),
      dx: 20,
      dy: 20,
    }),
    ...curve(frequent, {
      ...bits,
      colour: COLOURS.second,
      symbol: "square",
      name: `held out, seen ≥ ${most} times`,
      at: at(frequent, 4),
      dy: -18,
    }),
  ];
};

const orderTable = (search: Search): DataTable => ({
  id: "names-orders",
  caption: "Bits per letter by order",
  columns: [
    { key: "minimumCount", label: "contexts seen at least" },
    { key: "order", label: "order" },
    { key: "contexts", label: "contexts kept" },
    { key: "bits", label: "held-out bits", format: (value) => formatNumber(value, 4) },
    { key: "fittedBits", label: "fitted bits", format: (value) => formatNumber(value, 4) },
  ],
  rows: search.map((row) => ({ ...row })),
});
