import type { DataTable, Finding, Section } from "../exhibit.ts";
import { formatNumber, formatPercent } from "../format.ts";
import { html } from "../html.ts";
import { type SavedCalls, savedCalls } from "./saved-calls.ts";
import { labelOf, steeringFigure } from "./steering-figure.ts";
import { type SteeringCase, type SteeringRow, SURROGATE } from "./steering-study.ts";

/** Share of effective particles below which masking with weights is of little use. */
const POOR = 0.1;
/** What lookahead should keep there. */
const GOOD = 0.4;
/** How many times fewer calls it should need. */
const FEWER = 5;

/** One wish at the largest budget, masking with weights beside lookahead. */
export interface SteeringVerdict {
  readonly wish: string;
  readonly logPartition: number;
  readonly effectiveMasking: number;
  readonly effectiveLookahead: number;
  readonly saved: SavedCalls;
}

/** Masking with weights beside lookahead on every wish. */
const verdictsOf = (cases: readonly SteeringCase[]): SteeringVerdict[] =>
  cases.map((one) => ({
    wish: one.wish.label,
    logPartition: one.logPartition,
    effectiveMasking: lastOf(one, "importance").effective,
    effectiveLookahead: lastOf(one, "importanceSurrogate").effective,
    saved: savedCalls(one, "importance", "importanceSurrogate"),
  }));

const lastOf = ({ rows }: SteeringCase, method: string): SteeringRow =>
  rows.filter((row) => row.method === method).at(-1) as SteeringRow;

/** Samplers against the exact conditional, wish by wish. */
export const steeringSection = (cases: readonly SteeringCase[], fitCalls: number): Section => {
  const verdicts = verdictsOf(cases);
  return {
    id: "steering",
    heading: "Steering with a model that can only be asked",
    prose: [
      html`The sections before use the model of names as what it is, an automaton. Here the same model stands behind a port, as a language model
        does: it says what comes next, and each context it is asked about is a call. A name is wished for by a pattern and a limit of letters. Samplers spend
        calls; <i>M</i> knows the exact answer, ${cases.length} times.`,
      html`Masking allows only letters after which the pattern can still be met within the limit. Its own samples are biased, however many
        are drawn; with weights (theory §8) they are consistent, but few particles carry all the weight where the wish is rare. Lookahead by a surrogate, here an
        n-gram model of order ${SURROGATE.order} fitted to what the model says along ${formatNumber(SURROGATE.samples)} samples, some of which follow the wishes
        (${formatNumber(fitCalls)} calls, once for all wishes, and not counted below), tells what a letter leads to, and the same number of particles go further. Where
        a wish is nearly met by itself, or is only a beginning, lookahead has little to give. The surrogate’s size was chosen knowing what smaller ones give, which is less: docs/steering.md compares them.`,
      html`The total variation is that between a run’s responses, by their weights, and the exact conditional; that of independent exact samples is
        not 0 either, since a run returns finitely many.`,
    ],
    findings: [...unbiasedFindings(cases), ...lookaheadFindings(verdicts)],
    exhibits: [
      verdictTable(verdicts),
      ...DISTANCES.map((distance) => methodTable(cases, distance)),
      ...drawnOf(cases).map(steeringFigure),
      ...restOf(cases),
    ],
    numbers: { fitCalls, verdicts, cases },
  };
};

/** The wishes whose curves are drawn: of those where masking keeps little, the one where it comes nearest; and where it keeps most. */
const drawnOf = (cases: readonly SteeringCase[]): SteeringCase[] => {
  const masking = (one: SteeringCase) => lastOf(one, "importance");
  const easiest = cases.toSorted((a, b) => masking(b).effective - masking(a).effective).slice(0, 1);
  const poor = cases.filter((one) => masking(one).effective < POOR && !easiest.includes(one));
  return [...poor.toSorted((a, b) => masking(a).totalVariation - masking(b).totalVariation).slice(0, 1), ...easiest];
};

const restOf = (cases: readonly SteeringCase[]): DataTable[] => {
  const drawn = drawnOf(cases);
  return cases.filter((one) => !drawn.includes(one)).map((one) => steeringFigure(one).table);
};

/** The mean of `Ẑ/Z` over all runs of a kind, all wishes and budgets together. */
const unbiasedFindings = (cases: readonly SteeringCase[]): Finding[] =>
  ["smc", "smcSurrogate", "importanceSurrogate"].map((method) => {
    const ratios = cases.flatMap(({ rows }) =>
      rows.flatMap((row) => (row.method === method && row.ratio ? [row.ratio] : [])),
    );
    const mean = ratios.reduce((sum, ratio) => sum + ratio.mean, 0) / ratios.length;
    const error = Math.sqrt(ratios.reduce((sum, ratio) => sum + ratio.standardError ** 2, 0)) / ratios.length;
    return {
      label: `mean of the estimate of Z over Z, ${labelOf(method)}`,
      value: `${formatNumber(mean, 4)} ± ${formatNumber(error, 2)}`,
      holds: Math.abs(mean - 1) <= 4 * error,
    };
  });

const lookaheadFindings = (verdicts: readonly SteeringVerdict[]): Finding[] => {
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

const BOUND = { about: "", "at least": "≥ ", "at most": "≤ " } as const;

const verdictTable = (verdicts: readonly SteeringVerdict[]): DataTable => ({
  id: "steering-wishes",
  caption: "Masking with weights, and the same with surrogate lookahead, at the largest budget",
  columns: [
    { key: "wish", label: "a name that" },
    { key: "probability", label: "probability, by M", format: formatPercent },
    { key: "masking", label: "effective, masking with weights", format: formatPercent },
    { key: "lookahead", label: "effective, with lookahead", format: formatPercent },
    { key: "totalVariation", label: "total variation reached", format: formatNumber },
    { key: "fewer", label: "times fewer calls to it" },
  ],
  rows: verdicts.map(({ wish, logPartition, effectiveMasking, effectiveLookahead, saved }) => ({
    wish,
    probability: Math.exp(logPartition),
    masking: effectiveMasking,
    lookahead: effectiveLookahead,
    totalVariation: saved.totalVariation,
    fewer: `${BOUND[saved.bound]}${formatNumber(saved.times, 2)}`,
  })),
});

/** What every method is compared by. */
const DISTANCES = [
  { id: "totalVariation", name: "Total variation" },
  { id: "kl", name: "KL(run ‖ exact), nats," },
] as const;

const methodTable = (cases: readonly SteeringCase[], { id, name }: (typeof DISTANCES)[number]): DataTable => {
  const methods = [...new Set(cases.flatMap(({ rows }) => rows.map(({ method }) => method)))];
  return {
    id: `steering-methods-${id.toLowerCase()}`,
    caption: `${name} of every method at the largest budget`,
    columns: [
      { key: "wish", label: "a name that" },
      ...methods.map((method) => ({ key: method, label: labelOf(method), format: formatNumber })),
    ],
    rows: cases.map((one) => ({
      wish: one.wish.label,
      ...Object.fromEntries(methods.map((method) => [method, lastOf(one, method)[id]])),
    })),
  };
};

/** Whether a part is more than half; of nothing, everything is. */
const isMost = (part: readonly unknown[], whole: readonly unknown[]): boolean =>
  whole.length === 0 || 2 * part.length > whole.length;
