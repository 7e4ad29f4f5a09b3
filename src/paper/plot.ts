import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { MarkSymbol } from "./exhibit.ts";
import { type Html, trusted } from "./html.ts";

/** Colours by role; the page gives each a light and a dark value. */
export const COLOURS = {
  first: "var(--first)",
  second: "var(--second)",
  third: "var(--third)",
  fourth: "var(--fourth)",
  muted: "var(--muted)",
  rule: "var(--rule)",
  surface: "var(--surface)",
} as const;

/** Colours and marks of series, by place in a figure. */
export const LOOKS = [
  { colour: COLOURS.first, symbol: "circle" },
  { colour: COLOURS.second, symbol: "square" },
  { colour: COLOURS.third, symbol: "triangle" },
  { colour: COLOURS.fourth, symbol: "diamond" },
] as const satisfies readonly { colour: string; symbol: MarkSymbol }[];

/** Ticks of a logarithmic axis: some seven powers of ten from the one below the least number to the one above the largest. */
export const decades = (low: number, high: number): number[] => {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const every = Math.max(1, Math.ceil((last - first) / 7));
  return Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, i) => 10 ** (first + every * i));
};

/** Width, in units of the drawing; small, so that its text can be read on a phone that shows the whole figure. */
const FIGURE_WIDTH = 440;

/**
 * Draws a figure as SVG text, in Node, without a browser.
 *
 * @param label what a reader who cannot see the figure should know
 */
export const drawPlot = (label: string, options: Plot.PlotOptions): Html => {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const svg = Plot.plot({
    width: FIGURE_WIDTH,
    height: 300,
    marginLeft: 54,
    marginRight: 16,
    marginTop: 26,
    marginBottom: 42,
    // one name for all figures: the default is drawn at random by content, and would differ where a time does
    className: "arbel-plot",
    ...options,
    style: { fontSize: "13px", fontFamily: "inherit", overflow: "visible", ...styleOf(options) },
    document,
  });
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  svg.removeAttribute("width");
  svg.removeAttribute("height");
  return trusted(svg.outerHTML);
};

const styleOf = ({ style }: Plot.PlotOptions) => (typeof style === "object" && style !== null ? style : {});

/** How a curve looks, and where its name stands. */
export interface CurveLook<Row> {
  readonly x: (row: Row) => number;
  readonly y: (row: Row) => number;
  readonly colour: string;
  /** Shape of the marks on its points; a bare line without. */
  readonly symbol?: MarkSymbol;
  readonly dash?: string;
  readonly width?: number;
  readonly name: string;
  /** The point that the name stands beside, shifted by `dx`, `dy`. */
  readonly at: Row;
  readonly dx?: number;
  readonly dy?: number;
  readonly anchor?: "start" | "middle" | "end";
}

/** A line through points, with its name beside one of them: no key is needed to read it. */
export const curve = <Row>(rows: readonly Row[], look: CurveLook<Row>): Plot.Markish[] => {
  const place = { x: (row: unknown) => look.x(row as Row), y: (row: unknown) => look.y(row as Row) };
  const { colour, symbol, dash = "", width = 2 } = look;
  return [
    Plot.line(rows, { ...place, stroke: colour, strokeWidth: width, strokeDasharray: dash }),
    ...(symbol ? [Plot.dot(rows, { ...place, fill: colour, symbol, stroke: COLOURS.surface, r: 4.5 })] : []),
    nameMark(look),
  ];
};

/** A name in its curve's colour, with a halo so that it stays readable over lines. */
export const nameMark = <Row>({ x, y, colour, name, at, dx = 0, dy = 0, anchor = "middle" }: CurveLook<Row>) =>
  Plot.text([at], {
    x: (row: unknown) => x(row as Row),
    y: (row: unknown) => y(row as Row),
    text: () => name,
    fill: colour,
    fontWeight: 600,
    textAnchor: anchor,
    dx,
    dy,
    stroke: COLOURS.surface,
    strokeWidth: 4,
    paintOrder: "stroke",
  });
