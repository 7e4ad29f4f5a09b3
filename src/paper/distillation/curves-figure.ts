import * as Plot from "@observablehq/plot";
import type { Figure, MarkSymbol } from "../exhibit.ts";
import { formatNumber, powerOfTen } from "../format.ts";
import { COLOURS, decades, drawPlot } from "../plot.ts";

/** A place in a figure. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** A line through places, or marks alone, or both. */
export interface Series {
  readonly label: string;
  readonly colour: string;
  readonly symbol: MarkSymbol;
  readonly places: readonly Place[];
  readonly dash?: string;
  /** Whether the places are joined (default true). */
  readonly line?: boolean;
  /** Places marked: all of them, or every so many counted from the last (default 4). */
  readonly every?: number;
  /** Reaches around each place, such as an interval. */
  readonly bars?: readonly { readonly x: number; readonly low: number; readonly high: number }[];
}

/** A line to read others by, with its name. */
export interface Guide {
  readonly label: string;
  readonly places: readonly Place[];
  /** Place of the name, by its index (from the end where it is below 0), and how it is shifted from there. */
  readonly at?: number;
  readonly dx?: number;
  readonly dy?: number;
  readonly anchor?: "start" | "middle" | "end";
}

/** One axis. */
export interface Axis {
  readonly label: string;
  readonly log: boolean;
  /** Least number drawn on a logarithmic axis; what is less is drawn there. */
  readonly floor?: number;
  readonly domain?: readonly [number, number];
  readonly ticks?: readonly number[];
}

/** What {@link curvesFigure} draws. */
export interface CurvesOptions extends Omit<Figure, "svg" | "key"> {
  readonly series: readonly Series[];
  readonly guides?: readonly Guide[];
  readonly x: Axis;
  readonly y: Axis;
  readonly height?: number;
}

/** Curves with a key, on axes that are logarithmic where asked for. */
export const curvesFigure = (options: CurvesOptions): Figure => {
  const { id, title, label, caption, table, series, guides = [], x, y, height = 330 } = options;
  const drawn = series.map((each) => clipped(each, y));
  const all = [...drawn.flatMap(({ places }) => places), ...guides.flatMap(({ places }) => places)];
  const bars = drawn.flatMap((each) => each.bars ?? []);
  const svg = drawPlot(label, {
    height,
    x: scaleOf(
      x,
      all.map((place) => place.x),
    ),
    y: { ...scaleOf(y, [...all.map((place) => place.y), ...bars.flatMap(({ low, high }) => [low, high])]), grid: true },
    marks: [...guides.flatMap(guideMarks), ...drawn.flatMap(seriesMarks)],
  });
  return { id, title, label, svg, key: series.map(keyOf), caption, table };
};

const clipped = (series: Series, { floor = -Infinity }: Axis): Series => ({
  ...series,
  places: series.places.map(({ x, y }) => ({ x, y: Math.max(y, floor) })),
  ...(series.bars && {
    bars: series.bars.map(({ x, low, high }) => ({ x, low: Math.max(low, floor), high: Math.max(high, floor) })),
  }),
});

const scaleOf = ({ label, log, domain, ticks, floor }: Axis, numbers: readonly number[]): Plot.ScaleOptions => {
  const [low, high] = domain ?? [Math.min(...numbers), Math.max(...numbers)];
  if (!log) return { label, ...(domain ? { domain } : {}), ...(ticks ? { ticks: [...ticks] } : { ticks: 6 }) };
  if (high / low < NARROW) return narrowScale(label, low, high);
  return {
    type: "log",
    domain: domain ?? [10 ** Math.floor(Math.log10(low)), 10 ** Math.ceil(Math.log10(high))],
    ticks: ticks ? [...ticks] : decades(low, high).filter((tick) => !domain || (tick >= low && tick <= high)),
    tickFormat: (value: number) => (value === floor ? `≤ ${powerOfTen(value)}` : powerOfTen(value)),
    label,
  };
};

/** A logarithmic axis that spans less than this has ticks at 1, 2 and 5 times the powers of ten. */
const NARROW = 60;

const narrowScale = (label: string, low: number, high: number): Plot.ScaleOptions => {
  const [first, last] = [low / 1.15, high * 1.15];
  const exponents = Array.from({ length: 4 }, (_, i) => 10 ** (Math.floor(Math.log10(first)) + i));
  const ticks = exponents.flatMap((power) => [power, 2 * power, 5 * power]).filter((x) => x >= first && x <= last);
  return { type: "log", domain: [first, last], ticks, tickFormat: (value: number) => formatNumber(value), label };
};

const keyOf = ({ label, colour, symbol }: Series) => ({ label, colour, symbol });

const seriesMarks = ({ places, colour, symbol, dash = "", line = true, every = 4, bars = [] }: Series) => [
  ...(bars.length > 0
    ? [Plot.ruleX(bars, { x: "x", y1: "low", y2: "high", stroke: colour, strokeWidth: 1.4, strokeOpacity: 0.65 })]
    : []),
  ...(line ? [Plot.line(places, { x: "x", y: "y", stroke: colour, strokeWidth: 1.8, strokeDasharray: dash })] : []),
  Plot.dot(
    places.filter((_, index) => (places.length - 1 - index) % every === 0),
    { x: "x", y: "y", fill: colour, symbol, r: 3.8, stroke: COLOURS.surface },
  ),
];

const guideMarks = ({
  label,
  places,
  at = Math.floor(places.length / 2),
  dx = 0,
  dy = -10,
  anchor = "middle",
}: Guide): Plot.Markish[] => [
  Plot.line(places, { x: "x", y: "y", stroke: COLOURS.muted, strokeDasharray: "4 3" }),
  Plot.text([places.at(at) as Place], {
    x: "x",
    y: "y",
    text: () => label,
    fill: COLOURS.muted,
    textAnchor: anchor,
    dx,
    dy,
    stroke: COLOURS.surface,
    strokeWidth: 4,
    paintOrder: "stroke",
  }),
];
