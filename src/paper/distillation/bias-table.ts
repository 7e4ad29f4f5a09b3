import type { DataTable, Finding } from "../exhibit.ts";
import { formatNumber } from "../format.ts";
import { type Html, html } from "../html.ts";
import { BIAS_SPACE, type BiasPlan, type BiasRow } from "./bias.ts";

/** Few runs have uneven standard errors: beyond so many an unbiased excess is by chance about once in two hundred tables. */
const STANDARD_ERRORS = 5;
/** An excess below this is rounding, in nats: runs without noise have standard errors of nearly 0. */
const NOTHING = 1e-9;

/** The excess in standard errors. */
const distanceOf = ({ excess }: BiasRow): number =>
  Math.abs(excess.mean) <= NOTHING ? 0 : excess.mean / excess.standardError;

/** Rounding is 0. */
const orNothing = (x: number): number => (Math.abs(x) <= NOTHING ? 0 : x);

/** What was found of bias, in words. */
export const biasProse = ({ runs, steps }: BiasPlan, rows: readonly BiasRow[]): Html => {
  const biased = rows.filter(({ unbiased }) => !unbiased);
  const excesses = biased.map(({ batch, kl }) => `${formatNumber(kl.mean, 2)} nats away at batches of ${batch}`);
  return html`Is any of them biased? ${formatNumber(runs)} runs of ${formatNumber(steps)} steps a way of sampling began <i>at</i> the target, ${BIAS_SPACE.label}, by plain gradient
    descent, since Adam’s division by noisy squares is a bias of its own. Noise scatters the ends about the target, a bias
    moves their mean; both are read off what student and target expect of log <i>p</i>*. Objectives without noise do not move at all. Self-normalised
    weights, which need no log <i>Z</i>, are unbiased at the optimum where the student draws its own responses, since all weights are alike there. On
    responses of another model they are not: the weights of a batch share one sum, and runs settle ${excesses.join(", ")}. Exact weights
    cure it at the price of noise.`;
};

/** How many ways of sampling are biased, and not, as theory says. */
export const biasFindings = (rows: readonly BiasRow[]): Finding[] =>
  [true, false].map((unbiased) => {
    const told = rows.filter((row) => row.unbiased === unbiased);
    const seen = told.filter((row) => Math.abs(distanceOf(row)) <= STANDARD_ERRORS === unbiased).length;
    return {
      label: unbiased
        ? `ways of sampling that theory calls unbiased: excess of runs begun at the target within ${STANDARD_ERRORS} standard errors of 0`
        : `forward KL, self-normalised weights on another model’s responses: excess beyond ${STANDARD_ERRORS} standard errors, as theory says`,
      value: `${formatNumber(seen)} of ${formatNumber(told.length)}`,
      holds: seen === told.length,
    };
  });

/** Where runs end that begin at the target, by way of sampling. */
export const biasTable = ({ runs, steps }: BiasPlan, rows: readonly BiasRow[]): DataTable => ({
  id: "distillation-bias",
  caption: `Where ${formatNumber(runs)} runs of ${formatNumber(steps)} steps end that begin at the target, ${BIAS_SPACE.label}: E[log p*] of the students less the target’s own, and divergence`,
  columns: [
    { key: "objective", label: "objective" },
    { key: "data", label: "learned from" },
    { key: "batch", label: "batch" },
    { key: "excess", label: "excess, nats", format: (value) => formatNumber(value, 2) },
    { key: "excessError", label: "±", format: (value) => formatNumber(value, 2) },
    { key: "distance", label: "in standard errors", format: (value) => formatNumber(value, 2) },
    { key: "kl", label: "KL(target‖student), nats", format: (value) => formatNumber(value, 2) },
    { key: "klError", label: "±", format: (value) => formatNumber(value, 2) },
  ],
  rows: rows.map((row) => ({
    objective: row.objective,
    data: row.data,
    batch: row.batch,
    excess: orNothing(row.excess.mean),
    excessError: orNothing(row.excess.standardError),
    distance: distanceOf(row),
    kl: orNothing(row.kl.mean),
    klError: orNothing(row.kl.standardError),
  })),
});
