import type { DataTable, Finding, Section } from "../exhibit.ts";
import { formatNumber, formatPercent } from "../format.ts";
import { type Html, html } from "../html.ts";
import type { MomentStudy, SampledFit } from "./moments.ts";

/** How far an exact moment may be from what is wanted. */
const EXACT = 1e-8;
/** Distance from what is wanted that samples are allowed, in standard errors. */
const STANDARD_ERRORS = 2;
/** Share of sampled moments that are within it by chance. */
const SHARE = 0.95;
/** Fewer than so many standard deviations below that share are found less than once in a thousand. */
const DEVIATIONS = 3.1;

/** Moment constraints on names. */
export const momentSection = (study: MomentStudy): Section => {
  const { exact, cost, sampled, samples, refused } = study;
  const worst = Math.max(...exact.map(({ wanted, achieved }) => Math.abs(achieved - wanted)));
  return {
    id: "moments",
    heading: "Half of the names shall contain “ann”",
    prose: [
      html`Some wishes are not about single responses but about all of them: the means of features. Of all distributions that have them, the one of least
        divergence from the model is <i>p</i>(<i>y</i>)·exp(<i>λ</i>·<i>φ</i>(<i>y</i>)). Newton’s method finds the multipliers <i>λ</i>, with means and covariances by
        dynamic programming on the product of the model of names with the automata of the features. Together these moments cost
        ${formatNumber(cost)} nats of divergence.`,
      html`Where nothing but samples is at hand, the same equations are solved on samples, by importance weights: here
        ${formatNumber(samples)} names of a model that prefers “ann”, and as many fresh ones to check what was achieved. The last
        column is the exact mean of what the samples led to. Independent fits: ${formatNumber(sampled.length)}; the table shows the first.`,
    ],
    findings: [
      {
        label: "exact: largest |achieved − wanted| (required: ≤ 10⁻⁸)",
        value: formatNumber(worst),
        holds: worst <= EXACT,
      },
      ...sampledFindings(sampled),
      ...refused.map(({ wanted, sentence }) => ({
        label: `refused: ${wanted}`,
        value: sentence === "" ? "accepted" : "by name",
        holds: sentence !== "",
      })),
    ],
    exhibits: [exactTable(study), sampledTable(sampled[0] as SampledFit), refusals(refused)],
    numbers: {
      exact,
      cost,
      sampled: sampled.map(({ moments, truth, effectiveSampleSize }) => ({ moments, truth, effectiveSampleSize })),
      refused,
    },
  };
};

const sampledFindings = (sampled: readonly SampledFit[]): Finding[] => {
  const all = sampled.flatMap(({ moments, truth }) =>
    moments.map(({ wanted, achieved, standardError }, k) => ({
      checked: Math.abs(achieved - wanted) <= STANDARD_ERRORS * standardError,
      true: Math.abs((truth[k] as number) - wanted) <= STANDARD_ERRORS * standardError,
    })),
  );
  return (["checked", "true"] as const).map((what) => {
    const within = all.filter((one) => one[what]).length;
    return {
      label:
        what === "checked"
          ? "sampled: achieved, on fresh samples, within 2 standard errors of wanted (by chance 95 %)"
          : "sampled: true mean of the fit within 2 standard errors of wanted",
      value: `${formatNumber(within)} of ${formatNumber(all.length)}`,
      holds: within >= SHARE * all.length - DEVIATIONS * Math.sqrt(SHARE * (1 - SHARE) * all.length),
    };
  });
};

const exactTable = ({ exact }: MomentStudy): DataTable => ({
  id: "moments-exact",
  caption: "Moments met exactly",
  columns: [
    { key: "name", label: "moment" },
    { key: "wanted", label: "wanted", format: formatNumber },
    { key: "achieved", label: "achieved", format: (value) => formatNumber(value, 12) },
    { key: "error", label: "off by", format: (value) => formatNumber(value, 2) },
    { key: "multiplier", label: "multiplier λ, nats", format: (value) => formatNumber(value, 6) },
    { key: "least", label: "least of a name", format: formatNumber },
    { key: "greatest", label: "greatest", format: formatNumber },
  ],
  rows: exact.map(({ name, wanted, achieved, multiplier, range: [least, greatest] }) => ({
    name,
    wanted,
    achieved,
    error: achieved - wanted,
    multiplier,
    least,
    greatest,
  })),
});

const sampledTable = ({ moments, truth, effectiveSampleSize, samples }: SampledFit): DataTable => ({
  id: "moments-sampled",
  caption: `Moments met from samples: the first fit, ${formatPercent(effectiveSampleSize / samples)} effective samples`,
  columns: [
    { key: "name", label: "moment" },
    { key: "wanted", label: "wanted", format: formatNumber },
    { key: "achieved", label: "achieved", format: (value) => formatNumber(value, 4) },
    { key: "standardError", label: "± (one standard error)", format: (value) => formatNumber(value, 2) },
    { key: "multiplier", label: "multiplier λ, nats", format: (value) => formatNumber(value, 4) },
    { key: "multiplierStandardError", label: "±", format: (value) => formatNumber(value, 2) },
    { key: "truth", label: "true mean of the fit", format: (value) => formatNumber(value, 4) },
  ],
  rows: moments.map((moment, k) => ({ ...moment, truth: truth[k] as number })),
});

const refusals = (refused: MomentStudy["refused"]): Html =>
  html`<h3>What cannot be</h3>${refused.map(
    ({ wanted, sentence }) => html`<p>Wanted: ${wanted}. Answered: <q>${sentence}</q></p>
`,
  )}`;
