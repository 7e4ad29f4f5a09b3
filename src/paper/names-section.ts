import type { DataTable, Finding, Section } from "./exhibit.ts";
import { LONGEST_NAME, NAME_MODEL, NAMES_SOURCE, type orderSearch } from "./first-names.ts";
import { formatNumber, formatPercent } from "./format.ts";
import { type Html, html } from "./html.ts";
import { lengthFigure, topFigure } from "./name-figures.ts";
import { type Conditioning, FREQUENCY_SAMPLES, VARIATION_SAMPLES } from "./name-patterns.ts";
import type { NameRoundTrip } from "./names-study.ts";
import { orderFigure } from "./order-figure.ts";

const EXACT = 1e-12;

/** The model of names, taken through `M⁻¹` and `M`. */
export const nameModelSection = (
  names: readonly string[],
  search: ReturnType<typeof orderSearch>,
  study: NameRoundTrip,
): Section => {
  const known = new Set(names);
  const chosen = search.find((row) => row.order === NAME_MODEL.order && row.minimumCount === NAME_MODEL.minimumCount);
  const best = search.reduce((a, b) => (b.bits < a.bits ? b : a));
  const { shifted } = study;
  return {
    id: "names",
    heading: "A model of first names",
    prose: [
      html`${formatNumber(names.length)} English first names (${NAMES_SOURCE.origin}; npm packages ${NAMES_SOURCE.packages.join(" and ")},
        ${NAMES_SOURCE.licence}), in lower case, each once, hyphenated ones left out. The model is an ARM: an interpolated Witten–Bell
        n-gram over letters, as an automaton whose states are contexts. The best order on held-out names is ${best.order}, with
        ${formatNumber(best.bits)} bits per letter; keeping only the contexts seen at least ${NAME_MODEL.minimumCount} times costs
        ${formatNumber((chosen?.bits ?? best.bits) - best.bits, 2)} bits and leaves ${formatNumber(study.states)} states with
        ${formatNumber(study.arcs)} arcs, which repeat at each of ${LONGEST_NAME + 1} depths. A tree would need 26<sup>${LONGEST_NAME}</sup> prefixes.`,
      html`Its logits are normalised, so every soft value is 0 and <i>M</i><sup>−1</sup> returns log <i>π</i> itself. That is one gauge
        among many: with a random constant added to the logits of every state the distribution stays, yet
        <i>M</i><sup>−1</sup> gives rewards that differ by up to ${formatNumber(shifted.rewardChange)} nats, and log <i>Z</i> moves to the
        constant of the start, ${formatNumber(shifted.constant, 4)}. What a trained model “rewards” or “plans” cannot be read off its
        logits (theory §4); lookahead has a meaning relative to an event, as below.`,
    ],
    findings: findingsOf(study),
    exhibits: [
      orderFigure(search),
      html`<div class="pair">
        <div><h3>Likeliest names</h3><p>${nameList(
          study.best.map(({ name }) => name),
          known,
        )}</p></div>
        <div><h3>Sampled names</h3><p>${nameList(study.samples, known)}</p></div>
        </div><p class="note">${LISTED} Short strings are the likeliest, since longer names share their probability among many.</p>`,
      bestTable(study, known),
    ],
    numbers: { names: names.length, ...study },
  };
};

const findingsOf = (study: NameRoundTrip): Finding[] => [
  {
    label: "largest |M(M⁻¹(q)) − q|",
    value: `${formatNumber(study.roundTrip)} nats`,
    holds: study.roundTrip <= EXACT,
  },
  {
    label: "log Z of M⁻¹(q), normalised logits",
    value: `${formatNumber(study.logPartition)} nats`,
    holds: Math.abs(study.logPartition) <= EXACT,
  },
  {
    label: "largest |M⁻¹(q) − log π|",
    value: `${formatNumber(study.rewardIsPolicy)} nats`,
    holds: study.rewardIsPolicy <= EXACT,
  },
  {
    label: "KL between the two gauges",
    value: `${formatNumber(study.shifted.kl)} nats`,
    holds: study.shifted.kl <= EXACT,
  },
  {
    label: "log Z in the other gauge, less its constant",
    value: `${formatNumber(study.shifted.logPartition - study.shifted.constant)} nats`,
    holds: Math.abs(study.shifted.logPartition - study.shifted.constant) <= EXACT,
  },
];

const LISTED = "Set in bold: in the list. The others are new.";

const nameList = (names: readonly string[], known: ReadonlySet<string>): Html =>
  html`<span class="names">${names.map((name) => html`${known.has(name) ? html`<b>${name}</b>` : name} `)}</span>`;

const bestTable = (study: NameRoundTrip, known: ReadonlySet<string>): DataTable => ({
  id: "names-best",
  caption: "The likeliest names of the model",
  columns: [
    { key: "name", label: "name" },
    { key: "probability", label: "probability", format: formatPercent },
    { key: "listed", label: "in the list" },
  ],
  rows: study.best.map(({ name, probability }) => ({ name, probability, listed: known.has(name) ? "yes" : "no" })),
});

/** Exact conditioning beside local masking, pattern by pattern. */
export const conditioningSection = (names: readonly string[], all: readonly Conditioning[]): Section => {
  const known = new Set(names);
  const worst = all.reduce((a, b) => (b.finishes < a.finishes ? b : a));
  return {
    id: "conditioning",
    heading: "What lookahead is worth",
    prose: [
      html`To condition on a pattern, multiply the model with the pattern’s automaton and apply <i>M</i>: the soft values are log-probabilities
        of fitting, and the new logits look ahead to them. A grammar-constrained decoder only masks letters after which the pattern
        could still be met, and renormalises. It is unaware of how likely that is, so it writes an ordinary name and then has to make it fit: it
        finishes only ${formatPercent(worst.finishes)} of its attempts at a name that ${worst.pattern.label}, and even the names that it finishes
        follow another distribution. Masking is compared given that it finishes, as if failed attempts were thrown away. It does
        not know that a name has at most ${LONGEST_NAME} letters, as decoders do not know their limit of tokens: attempts that reach it unfinished are its dead ends.`,
    ],
    findings: all.map(({ pattern, logProbability, frequency: { estimate, standardError } }) => ({
      label: `probability of a name that ${pattern.label}: by M, and counted in ${formatNumber(FREQUENCY_SAMPLES)} samples`,
      value: `${formatPercent(Math.exp(logProbability))}, ${formatPercent(estimate)} ± ${formatNumber(100 * standardError, 2)} %`,
      holds: Math.abs(Math.exp(logProbability) - estimate) <= 4 * standardError,
    })),
    exhibits: [summaryTable(all), ...all.flatMap((conditioning) => patternExhibits(conditioning, known))],
    numbers: { patterns: all },
  };
};

/** Probability of a dead end; a probability of finishing that rounding alone keeps from 1 has none. */
const deadEndsOf = ({ finishes }: Conditioning): number => (finishes > 1 - 1e-9 ? 0 : 1 - finishes);

const patternExhibits = (conditioning: Conditioning, known: ReadonlySet<string>) => [
  html`<h3>A name that ${conditioning.pattern.label}</h3>
    <div class="pair">
      <div><h4>Exact conditional, ten samples</h4><p>${nameList(conditioning.samples, known)}</p></div>
      <div><h4>Masking, ten attempts</h4><p><span class="names">${conditioning.attempts.map(({ text, finished }) =>
        finished
          ? html`${known.has(text) ? html`<b>${text}</b>` : text} `
          : html`<s><span class="hidden">dead end: </span>${text}</s> `,
      )}</span></p></div>
    </div>
    <p class="note">${LISTED} ${deadEndsOf(conditioning) > 0 ? `Struck out: a dead end, ${LONGEST_NAME} letters without an end that fits.` : ""}</p>`,
  topFigure(conditioning),
  ...(deadEndsOf(conditioning) > 0 ? [lengthFigure(conditioning)] : []),
];

const summaryTable = (all: readonly Conditioning[]): DataTable => ({
  id: "names-conditioning",
  caption: "Exact conditional and local masking",
  columns: [
    { key: "pattern", label: "a name that" },
    { key: "probability", label: "probability", format: formatPercent },
    { key: "logProbability", label: "its log, nats", format: (value) => formatNumber(value, 5) },
    { key: "deadEnds", label: "dead ends of masking", format: formatPercent },
    { key: "exactFromMasked", label: "KL(exact ‖ masking), nats", format: formatNumber },
    { key: "maskedFromExact", label: "KL(masking ‖ exact), nats", format: formatNumber },
    { key: "totalVariation", label: "total variation", format: formatNumber },
    {
      key: "standardError",
      label: `± (${formatNumber(VARIATION_SAMPLES)} samples)`,
      format: (value) => formatNumber(value, 2),
    },
    { key: "arcs", label: "arcs per depth", format: formatNumber },
  ],
  rows: all.map((conditioning) => {
    const { pattern, logProbability, kl, totalVariation, arcs } = conditioning;
    return {
      pattern: pattern.label,
      probability: Math.exp(logProbability),
      logProbability,
      deadEnds: deadEndsOf(conditioning),
      ...kl,
      totalVariation: totalVariation.estimate,
      standardError: totalVariation.standardError,
      arcs,
    };
  }),
});
