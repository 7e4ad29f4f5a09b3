import type { DataTable, Figure } from "../exhibit.ts";
import { formatNumber } from "../format.ts";
import { html } from "../html.ts";
import { COLOURS, LOOKS } from "../plot.ts";
import type { AlongRunPlan, CertifiedMoment } from "./along-run.ts";
import { curvesFigure } from "./curves-figure.ts";

/** The least divergence drawn, in nats. */
const FLOOR = 1e-6;

/** Estimates of certificates with their intervals beside the truth: both divergences, and log Z. */
export const certificateFigures = (plan: AlongRunPlan, moments: readonly CertifiedMoment[]): Figure[] => [
  divergenceFigure(plan, moments, "klStudentTarget"),
  divergenceFigure(plan, moments, "klTargetStudent"),
  logPartitionFigure(plan, moments),
];

const WORDS = { klStudentTarget: "KL(student‖target)", klTargetStudent: "KL(target‖student)" } as const;

const divergenceFigure = (plan: AlongRunPlan, moments: readonly CertifiedMoment[], key: keyof typeof WORDS): Figure => {
  const last = moments.at(-1) as CertifiedMoment;
  const label =
    `${WORDS[key]} estimated from ${formatNumber(plan.samples)} samples, with intervals, against steps, beside the exact one; both logarithmic. ` +
    `At the end ${formatNumber(last.certificate[key].estimate)} estimated, ${formatNumber(last.exact[key])} exactly.`;
  return curvesFigure({
    id: `certificates-${key === "klStudentTarget" ? "student" : "target"}`,
    title: `${WORDS[key]}: certificate and truth`,
    label,
    series: [
      {
        label: "exact",
        colour: COLOURS.muted,
        symbol: "square",
        places: moments.map(({ step, exact }) => ({ x: step + 1, y: exact[key] })),
        every: Infinity,
      },
      {
        label: "certificate, with its 95 % interval",
        ...LOOKS[0],
        places: moments.map(({ step, certificate }) => ({ x: step + 1, y: certificate[key].estimate })),
        bars: moments.map(({ step, certificate }) => ({
          x: step + 1,
          low: certificate[key].interval[0],
          high: certificate[key].interval[1],
        })),
        line: false,
        every: 1,
      },
    ],
    x: { label: "Adam steps + 1 →", log: true },
    y: { label: "↑ nats", log: true, floor: FLOOR },
    caption: html`${formatNumber(plan.samples)} fresh samples of the student for each certificate. Below 10⁻⁶, and intervals that reach 0, are drawn at 10⁻⁶.`,
    table: certificateTable(moments, key),
  });
};

const logPartitionFigure = (plan: AlongRunPlan, moments: readonly CertifiedMoment[]): Figure => {
  const errorOf = ({ exact }: CertifiedMoment, x: number) => x - exact.logPartition;
  const last = moments.at(-1) as CertifiedMoment;
  const [first] = moments as [CertifiedMoment];
  const width = ({ certificate }: CertifiedMoment) =>
    certificate.logPartition.interval[1] - certificate.logPartition.interval[0];
  const label =
    `log Z estimated from ${formatNumber(plan.samples)} samples less the exact one, with intervals, against steps. The interval is ` +
    `${formatNumber(width(first), 2)} nats wide at first and ${formatNumber(width(last), 2)} at the end.`;
  return curvesFigure({
    id: "certificates-log-partition",
    title: "log Z: certificate less truth",
    label,
    series: [
      {
        label: "certificate less the exact log Z, with its 95 % interval",
        ...LOOKS[0],
        places: moments.map((moment) => ({
          x: moment.step + 1,
          y: errorOf(moment, moment.certificate.logPartition.estimate),
        })),
        bars: moments.map((moment) => ({
          x: moment.step + 1,
          low: errorOf(moment, moment.certificate.logPartition.interval[0]),
          high: errorOf(moment, moment.certificate.logPartition.interval[1]),
        })),
        line: false,
        every: 1,
      },
    ],
    guides: [
      {
        label: "exact",
        places: [first, last].map(({ step }) => ({ x: step + 1, y: 0 })),
        at: 1,
        dx: 4,
        anchor: "start",
      },
    ],
    x: { label: "Adam steps + 1 →", log: true },
    y: { label: "↑ nats", log: false },
    caption: html`The closer the student, the more even its weights <i>e</i><sup>Δ</sup>, and the narrower the interval.`,
    table: certificateTable(moments, "logPartition"),
  });
};

const certificateTable = (
  moments: readonly CertifiedMoment[],
  key: "logPartition" | keyof typeof WORDS,
): DataTable => ({
  id: `certificates-${{ logPartition: "log-partition", klStudentTarget: "student", klTargetStudent: "target" }[key]}`,
  caption: `${key === "logPartition" ? "log Z" : WORDS[key]} by step: exactly, and as certified, nats`,
  columns: [
    { key: "step", label: "steps" },
    { key: "exact", label: "exact", format: formatNumber },
    { key: "estimate", label: "estimate", format: formatNumber },
    { key: "standardError", label: "±", format: (value) => formatNumber(value, 2) },
    { key: "lower", label: "interval from", format: formatNumber },
    { key: "upper", label: "to", format: formatNumber },
    { key: "effective", label: "effective samples", format: (value) => formatNumber(Math.round(value)) },
    { key: "warnings", label: "warnings" },
  ],
  rows: moments.map(({ step, exact, certificate }) => {
    const { estimate, standardError, interval } = certificate[key];
    const [lower, upper] = interval;
    return {
      ...{ step, exact: exact[key], estimate, standardError, lower, upper },
      effective: certificate.effectiveSampleSize,
      warnings: certificate.warnings.length,
    };
  }),
});
