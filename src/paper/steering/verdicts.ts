import type { Finding } from "../exhibit.ts";
import { formatNumber, formatPercent } from "../format.ts";
import type { SteeringRow } from "./compare-methods.ts";
import { type SavedCalls, savedCalls } from "./saved-calls.ts";
import type { SteeringCase } from "./steering-case.ts";
import { labelOf } from "./steering-methods.ts";

/** Share of effective particles below which masking with weights is of little use. */
const POOR = 0.1;
/** What lookahead should keep there. */
const GOOD = 0.4;
/** How many times fewer calls it should need. */
const FEWER = 5;
/** Relative error of an exact `Z`: of float32 rows that another batch rounds otherwise, and of spellings left out. */
const ROUNDING = 1e-4;

/** One wish at the largest budget, masking with weights beside lookahead. */
export interface SteeringVerdict {
  readonly wish: string;
  readonly logPartition: number;
  readonly effectiveMasking: number;
  readonly effectiveLookahead: number;
  readonly saved: SavedCalls;
}

/** Masking with weights beside lookahead on every wish. */
export const verdictsOf = (cases: readonly SteeringCase[]): SteeringVerdict[] =>
  cases.map((one) => ({
    wish: one.label,
    logPartition: one.logPartition,
    effectiveMasking: lastOf(one, "importance").effective,
    effectiveLookahead: lastOf(one, "importanceSurrogate").effective,
    saved: savedCalls(one, "importance", "importanceSurrogate"),
  }));

/** A method at its largest budget. */
export const lastOf = ({ rows }: SteeringCase, method: string): SteeringRow =>
  rows.filter((row) => row.method === method).at(-1) as SteeringRow;

/** Whether masking with weights keeps few effective particles. */
export const isPoor = (one: SteeringCase): boolean => lastOf(one, "importance").effective < POOR;

/** The mean of `Ẑ/Z` over all runs of each method, all wishes and budgets together. */
export const unbiasedFindings = (cases: readonly SteeringCase[], methods: readonly string[]): Finding[] =>
  methods.map((method) => {
    const ratios = cases.flatMap(({ rows }) =>
      rows.flatMap((row) => (row.method === method && row.ratio ? [row.ratio] : [])),
    );
    const mean = ratios.reduce((sum, ratio) => sum + ratio.mean, 0) / ratios.length;
    const error = Math.sqrt(ratios.reduce((sum, ratio) => sum + ratio.standardError ** 2, 0)) / ratios.length;
    return {
      label: `mean of the estimate of Z over Z, ${labelOf(method)}`,
      value: `${formatNumber(mean, 4)} ± ${formatNumber(error, 2)}`,
      holds: Math.abs(mean - 1) <= 4 * error + ROUNDING,
    };
  });

/** How many of the wishes on which masking keeps little gain by lookahead. */
export const lookaheadFindings = (verdicts: readonly SteeringVerdict[]): Finding[] => {
  const poor = verdicts.filter(({ effectiveMasking }) => effectiveMasking < POOR);
  const kept = poor.filter(({ effectiveLookahead }) => effectiveLookahead >= GOOD);
  const fewer = poor.filter(({ saved }) => saved.times >= FEWER && saved.bound !== "at most");
  return [
    {
      label: `wishes on which masking with weights keeps under ${formatPercent(POOR)} effective particles, on which lookahead keeps at least ${formatPercent(GOOD)}`,
      value: `${kept.length} of ${poor.length}`,
      holds: isMost(kept, poor),
    },
    {
      label: `and on which it reaches the same total variation with at least ${FEWER} times fewer model calls`,
      value: `${fewer.length} of ${poor.length}`,
      holds: isMost(fewer, poor),
    },
  ];
};

/** Whether a part is more than half; of nothing, everything is. */
const isMost = (part: readonly unknown[], whole: readonly unknown[]): boolean =>
  whole.length === 0 || 2 * part.length > whole.length;
