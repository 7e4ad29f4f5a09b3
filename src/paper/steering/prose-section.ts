import type { DataTable, Section } from "../exhibit.ts";
import { formatNumber, formatPercent } from "../format.ts";
import { html } from "../html.ts";
import type { LongRow } from "./long-wishes.ts";
import type { ProseCase } from "./steered-prose.ts";
import { steeringFigure } from "./steering-figure.ts";
import { labelOf } from "./steering-methods.ts";
import { methodTables, verdictTable } from "./steering-tables.ts";
import { isPoor, lastOf, lookaheadFindings, unbiasedFindings, verdictsOf } from "./verdicts.ts";

const NAMES = { id: "steering-prose", wish: "wish" };

const CAPTION = html`Means over runs. The exact answer is known by scoring every spelling of every text that the wish allows; a run’s responses count by their weights.`;

/** Samplers on the language model that comes along: against the exact conditional, and where there is none to compare with. */
export const steeredProseSection = (cases: readonly ProseCase[], long: readonly LongRow[]): Section => {
  const verdicts = verdictsOf(cases);
  const drawn = cases.toSorted((a, b) => gain(b) - gain(a)).slice(0, 1);
  return {
    id: "steering-prose",
    heading: "Steering a language model of prose",
    prose: [
      html`The model that comes with Arbel is a Transformer over 512 pieces of words. A wish allows finitely many texts here, each of which
        the model may spell in many ways; where it is met, the response ends. Lookahead scores all spellings (but those that together could change no text’s probability by
        a millionth), so the price and the conditional distribution are known, and samplers can be held against them. The surrogate is fitted
        to each wish with the knobs it has by itself, an n-gram model of order 4 and 600 samples; its calls are not counted in the curves but told in the table: for one
        small list, scoring it exactly is the better use of calls.`,
      html`Lookahead pays where an early token decides whether what comes after is likely. Where all ways on are much alike, as the digits of a
        year are, masking with weights has nothing to mend, and a surrogate of a few hundred samples only adds errors of its own. Without
        lookahead the estimate of <i>Z</i> is unbiased as well, but of a wish as unlikely as an hour of the clock it is nearly nothing in nearly all runs, so that the mean of
        a few dozen runs cannot be held against <i>Z</i>; with lookahead this is done at the largest budget, since few particles scatter askew as well, mostly a little below.`,
      ...(long.length > 0
        ? [
            html`The sentence at the end may be of endlessly many texts. There is no exact answer to it, but <i>Z</i> can be estimated, unbiased by all
              four methods: where the estimates of one lie far below those of another, it has missed what carries the weight. Effective particles of SMC are counted
              after resampling, which evens out weights that were wrong; they say nothing of what was missed.`,
          ]
        : []),
    ],
    findings: [
      ...unbiasedFindings(cases.map(atLargestBudget), ["smcSurrogate", "importanceSurrogate"]),
      ...lookaheadFindings(verdicts),
    ],
    exhibits: [
      verdictTable(NAMES, cases, {
        columns: [
          { key: "texts", label: "texts", format: formatNumber },
          { key: "exactCalls", label: "calls, exact", format: formatNumber },
          { key: "fitCalls", label: "calls, surrogate", format: formatNumber },
          { key: "likeliest", label: "likeliest text" },
        ],
        cells: ({ texts, exactCalls, fitCalls, likeliest: { text, probability } }) => ({
          ...{ texts, exactCalls, fitCalls },
          likeliest: `${text} (${formatPercent(probability)})`,
        }),
      }),
      ...methodTables(NAMES, cases),
      ...drawn.map((one) => steeringFigure(one, CAPTION)),
      ...cases.filter((one) => !drawn.includes(one)).map((one) => steeringFigure(one, CAPTION).table),
      ...(long.length > 0 ? [longTable(long)] : []),
    ],
    numbers: { verdicts, cases, long },
  };
};

/** How many times more particles are effective with lookahead, of a wish on which masking with weights keeps few; else 0. */
const gain = (one: ProseCase): number =>
  isPoor(one) ? lastOf(one, "importanceSurrogate").effective / lastOf(one, "importance").effective : 0;

const atLargestBudget = (one: ProseCase): ProseCase => {
  const largest = Math.max(...one.rows.map(({ budget }) => budget));
  return { ...one, rows: one.rows.filter(({ budget }) => budget === largest) };
};

const longTable = (rows: readonly LongRow[]): DataTable => ({
  id: "steering-prose-sentences",
  caption: "Sentences: estimates of log Z, over runs of 128 particles",
  columns: [
    { key: "wish", label: "wish" },
    { key: "method", label: "method" },
    { key: "logPartition", label: "log Z, mean, nats", format: (value) => value.toFixed(2) },
    { key: "spread", label: "standard deviation, nats", format: formatNumber },
    { key: "effective", label: "effective share", format: formatPercent },
    { key: "calls", label: "model calls of a run", format: (value) => formatNumber(Math.round(value)) },
    { key: "fitCalls", label: "calls, surrogate", format: formatNumber },
    { key: "failed", label: "runs that found nothing", format: formatPercent },
  ],
  rows: rows.map(({ estimates: _, method, ...row }) => ({ ...row, method: labelOf(method) })),
});
