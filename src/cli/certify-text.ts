import type { Certificate, Estimate, ResidualBreakdown, SampledBreakdown } from "../bellman/index.ts";
import type { Certified } from "./certified.ts";
import { columns, count, nats, percent, responseText } from "./text.ts";

/** A certificate for people: what is estimated, what is guaranteed, and where the student errs. */
export const certificateText = ({ certificate, exact, breakdown }: Certified): string => {
  const { bracket, effectiveSampleSize, paretoShape, samples, seed, warnings } = certificate;
  const row = (name: string, { estimate, standardError, interval }: Estimate, value: number | null) => [
    name,
    nats(estimate),
    nats(standardError),
    between(interval),
    value === null ? "?" : nats(value),
  ];
  const estimates = columns([
    ["nats", "estimate", "standard error", "95 % interval", "exact"],
    row("log-partition", certificate.logPartition, exact.logPartition),
    row("KL(student‖target)", certificate.klStudentTarget, exact.klStudentTarget),
    row("KL(target‖student)", certificate.klTargetStudent, exact.klTargetStudent),
  ]);
  const share = ((100 * effectiveSampleSize) / samples).toFixed(1);
  const facts = columns(
    [
      ["log-partition between", `${nats(bracket.lower)} and ${nats(bracket.upper)} nats`],
      ["effective sample size", `${effectiveSampleSize.toFixed(1)} of ${count(samples)}, ${share} %`],
      ["Pareto shape of the largest weights", shape(paretoShape)],
      ["seed", String(seed)],
    ],
    [0, 1],
  );
  const why = exact.reason === undefined ? "" : `exact values are not known: ${exact.reason}\n`;
  const where = breakdown.kind === "exact" ? residualsText(breakdown) : sampledText(breakdown);
  const parts = [estimates, `${facts}${why}`, guaranteed(certificate), where].filter((part) => part !== "");
  return `${parts.join("\n")}${warnings.map((warning) => `warning: ${warning}\n`).join("")}`;
};

const between = ([lower, upper]: Estimate["interval"]): string => `${nats(lower)} … ${nats(upper)}`;

const shape = (paretoShape: number): string => {
  if (paretoShape === Infinity) return "unknown, too few samples";
  return paretoShape === -Infinity ? "none, the largest are equal" : paretoShape.toFixed(2);
};

const guaranteed = ({ guarantees }: Certificate): string => {
  if (!guarantees) return "nothing is guaranteed: all are estimates, as the range of the residual is not known\n";
  const { residualRange, logPartition, klBound, confident } = guarantees;
  return columns([
    ["guaranteed, nats", "certain", "but for a chance of 5 %"],
    ["log-partition", between(logPartition), between(confident.logPartition)],
    ["KL(student‖target)", `≤ ${nats(klBound)}`, between(confident.klStudentTarget)],
    ["KL(target‖student)", `≤ ${nats(klBound)}`, between(confident.klTargetStudent)],
    ["residual of a response", between([residualRange.lower, residualRange.upper]), ""],
  ]);
};

/** Depths that the text shows; JSON has them all. */
const SHOWN = 12;

const moreDepths = (positions: readonly unknown[]): string =>
  positions.length > SHOWN ? `… ${positions.length - SHOWN} more depths\n` : "";

const residualsText = ({ positions, states }: ResidualBreakdown): string => {
  const depths = columns([
    ["residual at depth", "reached", "mean", "deviation", "variance"],
    ...positions
      .slice(0, SHOWN)
      .map(({ depth, probability, mean, standardDeviation, variance }) => [
        String(depth),
        percent(probability),
        nats(mean),
        nats(standardDeviation),
        nats(variance),
      ]),
  ]);
  if (states.length === 0) return `${depths}${moreDepths(positions)}`;
  const worst = columns([
    ["errs most after", "reached", "variance"],
    ...states.map(({ prefix, probability, variance }) => [
      responseText(prefix.join("")),
      percent(probability),
      nats(variance),
    ]),
  ]);
  return `${depths}${moreDepths(positions)}\n${worst}`;
};

/** An estimate with its standard error. */
const within = (value: number | undefined, error: number | undefined): string => {
  if (value === undefined) return "?";
  return error === undefined ? nats(value) : `${nats(value)} ± ${nats(error)}`;
};

const sampledText = ({ positions, states }: SampledBreakdown): string => {
  const depths = columns([
    ["estimated at depth", "reached", "mean residual", "deviation", "variance"],
    ...positions
      .slice(0, SHOWN)
      .map(({ depth, probability, mean, standardDeviation, variance, standardErrors }) => [
        String(depth),
        percent(probability),
        within(mean, standardErrors.mean),
        within(standardDeviation, undefined),
        within(variance, standardErrors.variance),
      ]),
  ]);
  if (states.length === 0) return `${depths}${moreDepths(positions)}`;
  const worst = columns([
    ["errs most after", "reached", "variance"],
    ...states.map(({ prefix, probability, variance, standardErrors }) => [
      responseText(prefix.join("")),
      percent(probability),
      within(variance, standardErrors.variance),
    ]),
  ]);
  return `${depths}${moreDepths(positions)}\n${worst}`;
};
