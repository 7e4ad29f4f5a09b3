import * as Plot from "@observablehq/plot";
import type { DataTable } from "./exhibit.ts";
import { LETTERS } from "./first-names.ts";
import { formatNumber, formatPercent } from "./format.ts";
import type { Html } from "./html.ts";
import type { SpelledPosition } from "./name-spelling.ts";
import { COLOURS, drawPlot } from "./plot.ts";

/** Rows of the picture: every letter, and the end of the name. */
const ACTIONS = [...LETTERS, "end"];

/** Lookahead values are shaded from here, in nats, to 0. */
export const LOWEST = -8;

/** Radius of probability 1, in units of the drawing; areas are proportional to probabilities. */
const RADIUS = 8.5;

const CELL = 17;

interface GridCell {
  readonly position: number;
  readonly letter: string;
  readonly value: number;
  readonly taken: boolean;
}

const cellsOf = (spelled: readonly SpelledPosition[], rowOf: (at: SpelledPosition) => Float64Array): GridCell[] =>
  spelled.flatMap((at, position) =>
    ACTIONS.map((letter, action) => ({
      position,
      letter,
      value: rowOf(at)[action] as number,
      taken: action === at.action,
    })),
  );

const gridOptions = (spelled: readonly SpelledPosition[], marks: Plot.Markish[]): Plot.PlotOptions => ({
  width: 260,
  height: 34 + CELL * ACTIONS.length + 8,
  marginLeft: 40,
  marginRight: 8,
  marginTop: 34,
  marginBottom: 8,
  x: {
    type: "band",
    domain: spelled.map((_, position) => position),
    axis: "top",
    tickFormat: (position: number) => ACTIONS[spelled[position]?.action ?? 0] as string,
    label: null,
    tickSize: 0,
    padding: 0,
  },
  // radii as they are: the default would scale them to the largest of each picture
  r: { type: "identity" },
  y: { type: "band", domain: ACTIONS, label: null, tickSize: 0, padding: 0 },
  marks,
});

const outline = (cells: readonly GridCell[]) =>
  Plot.cell(
    cells.filter(({ taken }) => taken),
    { x: "position", y: "letter", stroke: "currentColor", strokeWidth: 1.25, fill: "none", rx: 3, inset: 0.75 },
  );

/** Probabilities of every next letter as discs, a column a position; the letters taken are outlined. */
export const drawProbabilities = (
  label: string,
  spelled: readonly SpelledPosition[],
  rowOf: (at: SpelledPosition) => Float64Array,
  colour: string,
): Html => {
  const cells = cellsOf(spelled, rowOf);
  return drawPlot(
    label,
    gridOptions(spelled, [
      Plot.ruleY(ACTIONS, { y: (letter: string) => letter, stroke: COLOURS.rule, strokeWidth: 0.75 }),
      Plot.dot(
        cells.filter(({ value }) => value >= 5e-4),
        { x: "position", y: "letter", r: ({ value }: GridCell) => RADIUS * Math.sqrt(value), fill: colour },
      ),
      outline(cells),
    ]),
  );
};

/** Lookahead values of every next letter as shades, full where the name is sure to fit; a cross where it cannot. */
export const drawLookahead = (label: string, spelled: readonly SpelledPosition[]): Html => {
  const cells = cellsOf(spelled, ({ lookahead }) => lookahead);
  return drawPlot(
    label,
    gridOptions(spelled, [
      Plot.cell(
        cells.filter(({ value }) => value > -Infinity),
        {
          x: "position",
          y: "letter",
          fill: COLOURS.first,
          fillOpacity: ({ value }: GridCell) => Math.max(0.02, 1 - value / LOWEST) ** 1.5,
          inset: 0.75,
          rx: 3,
        },
      ),
      Plot.text(
        cells.filter(({ value }) => value === -Infinity),
        { x: "position", y: "letter", text: () => "×", fill: COLOURS.muted },
      ),
      outline(cells),
    ]),
  );
};

/** The numbers along the spelled name. */
export const spellingTable = (spelled: readonly SpelledPosition[], name: string): DataTable => ({
  id: "spelling",
  caption: `Spelling “${name}”: the letters taken`,
  columns: [
    { key: "after", label: "after" },
    { key: "letter", label: "letter" },
    { key: "model", label: "model", format: formatPercent },
    { key: "lookahead", label: "lookahead U, nats", format: formatNumber },
    { key: "exact", label: "exact conditional", format: formatPercent },
    { key: "masked", label: "masking", format: formatPercent },
  ],
  rows: spelled.map((at) => ({
    after: at.prefix === "" ? "(start)" : at.prefix,
    letter: ACTIONS[at.action] as string,
    model: at.before[at.action] as number,
    lookahead: at.lookahead[at.action] as number,
    exact: at.after[at.action] as number,
    masked: at.masked[at.action] as number,
  })),
});

/** The numbers of one picture: a row a letter, a column a position. */
export const gridTable = (
  spelled: readonly SpelledPosition[],
  rowOf: (at: SpelledPosition) => Float64Array,
  options: { readonly id: string; readonly caption: string; readonly format: (value: number) => string },
): DataTable => ({
  id: options.id,
  caption: options.caption,
  columns: [
    { key: "letter", label: "letter" },
    ...spelled.map(({ prefix }, position) => ({
      key: `position${position + 1}`,
      label: prefix === "" ? "at the start" : `after “${prefix}”`,
      format: options.format,
    })),
  ],
  rows: ACTIONS.map((letter, action) => ({
    letter,
    ...Object.fromEntries(spelled.map((at, position) => [`position${position + 1}`, rowOf(at)[action] as number])),
  })),
});
