import type { Cell, Column, DataTable } from "../exhibit.ts";
import { formatNumber, formatPercent } from "../format.ts";
import type { SteeringCase } from "./steering-case.ts";
import { labelOf } from "./steering-methods.ts";
import { lastOf, verdictsOf } from "./verdicts.ts";

const BOUND = { about: "", "at least": "≥ ", "at most": "≤ " } as const;

/** What tables of a section are called, and what they say of their rows. */
export interface TableNames {
  /** What the identifiers begin with. */
  readonly id: string;
  /** What a row is, as a column's label. */
  readonly wish: string;
}

/** More columns of a table of wishes. */
export interface MoreColumns<Case> {
  readonly columns: readonly Column[];
  readonly cells: (one: Case) => Readonly<Record<string, Cell>>;
}

/** Masking with weights beside lookahead, a row a wish. */
export const verdictTable = <Case extends SteeringCase>(
  { id, wish: label }: TableNames,
  cases: readonly Case[],
  more?: MoreColumns<Case>,
): DataTable => ({
  id: `${id}-wishes`,
  caption: "Masking with weights, and the same with surrogate lookahead, at the largest budget",
  columns: [
    { key: "wish", label },
    { key: "probability", label: "probability, exact", format: formatPercent },
    { key: "masking", label: "effective, masking with weights", format: formatPercent },
    { key: "lookahead", label: "effective, with lookahead", format: formatPercent },
    { key: "totalVariation", label: "total variation reached", format: formatNumber },
    { key: "fewer", label: "times fewer calls to it" },
    ...(more?.columns ?? []),
  ],
  rows: verdictsOf(cases).map(({ wish, logPartition, effectiveMasking, effectiveLookahead, saved }, i) => ({
    wish,
    probability: Math.exp(logPartition),
    masking: effectiveMasking,
    lookahead: effectiveLookahead,
    totalVariation: saved.totalVariation,
    fewer: `${BOUND[saved.bound]}${formatNumber(saved.times, 2)}`,
    ...more?.cells(cases[i] as Case),
  })),
});

/** What every method is compared by. */
const DISTANCES = [
  { id: "totalVariation", name: "Total variation" },
  { id: "kl", name: "KL(run ‖ exact), nats," },
] as const;

/** All methods at the largest budget, a table a distance. */
export const methodTables = ({ id, wish }: TableNames, cases: readonly SteeringCase[]): DataTable[] => {
  const methods = [...new Set(cases.flatMap(({ rows }) => rows.map(({ method }) => method)))];
  return DISTANCES.map((distance) => ({
    id: `${id}-methods-${distance.id.toLowerCase()}`,
    caption: `${distance.name} of every method at the largest budget`,
    columns: [
      { key: "wish", label: wish },
      ...methods.map((method) => ({ key: method, label: labelOf(method), format: formatNumber })),
    ],
    rows: cases.map((one) => ({
      wish: one.label,
      ...Object.fromEntries(methods.map((method) => [method, lastOf(one, method)[distance.id]])),
    })),
  }));
};
