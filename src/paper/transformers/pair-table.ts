import type { Column, DataTable } from "../exhibit.ts";
import { formatNumber } from "../format.ts";
import type { Pair, PairPoint } from "./pair.ts";

/** A column of numbers, one for every step that a pair was looked at. */
export interface PairColumn {
  readonly key: string;
  readonly label: string;
  readonly value: (point: PairPoint, pair: Pair) => number;
}

/** What tells the pairs of a table apart. */
type Trait = "space" | "size" | "target" | "learningRate";

/** A row for every pair and step. */
export const pairTable = (options: {
  readonly id: string;
  readonly caption: string;
  readonly pairs: readonly Pair[];
  readonly traits?: readonly Trait[];
  readonly columns: readonly PairColumn[];
}): DataTable => {
  const { id, caption, pairs, traits = [], columns } = options;
  return {
    id,
    caption,
    columns: [
      ...traits.map((trait): Column => ({ key: trait, label: TRAITS[trait].label })),
      { key: "start", label: "start" },
      { key: "step", label: "steps" },
      ...columns.map(({ key, label }): Column => ({ key, label, format: formatNumber })),
    ],
    rows: pairs.flatMap((pair) =>
      pair.points.map((point) => ({
        ...Object.fromEntries(traits.map((trait) => [trait, TRAITS[trait].of(pair)])),
        start: pair.goal.start + 1,
        step: point.step,
        ...Object.fromEntries(columns.map(({ key, value }) => [key, value(point, pair)])),
      })),
    ),
  };
};

const TRAITS = {
  space: { label: "space", of: ({ goal }: Pair) => goal.space.label },
  size: { label: "size", of: ({ goal }: Pair) => goal.size.label },
  target: { label: "target", of: ({ goal }: Pair) => goal.target.label },
  learningRate: { label: "learning rate", of: ({ goal }: Pair) => String(goal.learningRate) },
} as const;

/** Gaps of both models to the entropy. */
export const GAP_COLUMNS: readonly PairColumn[] = [
  { key: "armGap", label: "ARM gap, nats", value: ({ gap }) => gap.arm },
  { key: "ebmGap", label: "EBM gap, nats", value: ({ gap }) => gap.ebm },
];

/** Distances over some depths by one measure, gauge-free and raw, before and after M. */
export const distanceColumns = (over: "lookahead" | "all", measure: "rms" | "max"): PairColumn[] =>
  (["gaugeFree", "raw"] as const).flatMap((gauge) =>
    (["before", "after"] as const).map((side) => ({
      key: `${gauge}${side === "before" ? "Before" : "After"}${over === "all" ? "All" : ""}`,
      label: `${gauge === "raw" ? "raw" : "gauge-free"}, ${side} M${over === "all" ? ", all levels" : ""}`,
      value: (point: PairPoint) => point[side][over][gauge][measure],
    })),
  );
