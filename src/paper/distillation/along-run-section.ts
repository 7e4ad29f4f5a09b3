import type { DataTable, Figure, Finding, Section } from "../exhibit.ts";
import { formatNumber } from "../format.ts";
import { html } from "../html.ts";
import { LOOKS } from "../plot.ts";
import type { AlongRunPlan, CertifiedMoment } from "./along-run.ts";
import { certificateFigures } from "./certificate-figures.ts";
import { CERTIFIED, holdsIn, CERTIFIED_NAMES as NAMES } from "./coverage.ts";
import { curvesFigure } from "./curves-figure.ts";

/** The least number drawn, in nats. */
const FLOOR = 1e-10;
/** Rounding allowed where a bound is attained. */
const ROUNDING = 1 + 1e-9;

/** Bounds and certificates along one run. */
export const alongRunSection = (plan: AlongRunPlan, moments: readonly CertifiedMoment[]): Section => ({
  id: "certificates",
  heading: "Bounds and certificates along a run",
  prose: [
    html`A student of the Zipf target (${plan.space.label}), distilled by reverse KL on ${formatNumber(plan.batch)} of its own responses a step, was stopped at
      ${formatNumber(moments.length)} moments. Whoever knows the target’s logits can bound the divergence by distances of logits: 2<i>Tε</i>
      (theory 6.1, the paper’s), <i>T</i>·<i>h</i>(<i>ρ̄</i>) and Σ E <i>h</i>(<i>ρ</i>(<i>s</i>)) (6.3). A sampled student leaves its rarest
      states nearly untouched, so that bounds by the worst state hardly move while the divergence falls.`,
    html`The certificate (6.4) needs no logits of the target, only rewards along ${formatNumber(plan.samples)} samples of the student: it estimates log <i>Z</i> and both
      divergences, each with a 95 % interval. Here it stands beside the exact numbers.`,
  ],
  findings: findingsOf(moments),
  exhibits: [
    boundFigure(plan, moments),
    html`<h3>The certificate beside the truth</h3>`,
    ...certificateFigures(plan, moments),
  ],
  numbers: {
    moments: moments.length,
    ratios: ratiosOf(moments),
    coverage: Object.fromEntries(CERTIFIED.map((key) => [key, moments.filter((moment) => covers(moment, key)).length])),
  },
});

const covers = ({ certificate, exact }: CertifiedMoment, key: (typeof CERTIFIED)[number]): boolean =>
  holdsIn(certificate[key].interval, exact[key]);

/** `KL / bound` at the first and the last moment. */
const ratiosOf = (moments: readonly CertifiedMoment[]) => {
  const of = ({ comparison: { kl, bounds, distance } }: CertifiedMoment) => ({
    paper: kl.forward / bounds.paper,
    paperGaugeFree: (kl.forward / bounds.paper) * (distance.raw / distance.gaugeFree),
    sharp: kl.forward / bounds.sharp,
    sharpExpected: kl.forward / bounds.sharpExpected.forward,
  });
  return { first: of(moments[0] as CertifiedMoment), last: of(moments.at(-1) as CertifiedMoment) };
};

const findingsOf = (moments: readonly CertifiedMoment[]): Finding[] => {
  const ordered = moments.filter(({ comparison: { kl, bounds } }) =>
    (["forward", "reverse"] as const).every(
      (way) =>
        kl[way] <= bounds.sharpExpected[way] * ROUNDING &&
        bounds.sharpExpected[way] <= bounds.sharp * ROUNDING &&
        bounds.sharp <= bounds.paper * ROUNDING,
    ),
  ).length;
  return [
    {
      label: "moments with KL ≤ expected sharp ≤ sharp ≤ paper’s bound, both directions",
      value: `${formatNumber(ordered)} of ${formatNumber(moments.length)}`,
      holds: ordered === moments.length,
    },
    ...CERTIFIED.map((key) => {
      const misses = moments.filter((moment) => !covers(moment, key));
      const silent = misses.filter(({ certificate }) => certificate.warnings.length === 0).length;
      return {
        label: `moments whose 95 % interval holds ${NAMES[key]} (required: 90 %, or a warning)`,
        value: `${formatNumber(moments.length - misses.length)} of ${formatNumber(moments.length)}`,
        holds: silent <= 0.1 * moments.length,
      };
    }),
  ];
};

/** The divergence and its bounds. */
const boundFigure = (plan: AlongRunPlan, moments: readonly CertifiedMoment[]): Figure => {
  const { last } = ratiosOf(moments);
  const label =
    `KL(target‖student) and its bounds against steps, both logarithmic. At the end the divergence is ${formatNumber(last.sharpExpected, 2)} of the expected ` +
    `sharp bound, ${formatNumber(last.sharp, 2)} of the sharp one and ${formatNumber(last.paperGaugeFree, 2)} of the paper's with the best constants.`;
  const place = (y: (moment: CertifiedMoment) => number) =>
    moments.map((moment) => ({ x: moment.step + 1, y: y(moment) }));
  const { horizon } = plan.space.space;
  return curvesFigure({
    id: "certificates-bounds",
    title: "How tight each bound is along a run",
    label,
    series: [
      { label: "2Tε", ...LOOKS[1], places: place(({ comparison: { distance } }) => 2 * horizon * distance.gaugeFree) },
      { label: "T·h(ρ̄)", ...LOOKS[0], places: place(({ comparison: { bounds } }) => bounds.sharp) },
      {
        label: "Σ E h(ρ(s))",
        ...LOOKS[2],
        places: place(({ comparison: { bounds } }) => bounds.sharpExpected.forward),
      },
      { label: "KL(target‖student)", ...LOOKS[3], places: place(({ comparison: { kl } }) => kl.forward) },
    ],
    x: { label: "Adam steps + 1 →", log: true },
    y: { label: "↑ nats", log: true, floor: FLOOR },
    caption: html`<i>ε</i> is gauge-free, <i>ρ̄</i>/2: with the raw logits, whose constants nothing decides, the paper’s bound is
      ${formatNumber(last.paperGaugeFree / last.paper, 2)} times as large at the end.`,
    table: boundTable(moments),
  });
};

const boundTable = (moments: readonly CertifiedMoment[]): DataTable => ({
  id: "certificates-bounds",
  caption: "Divergences, distances and bounds along the run, nats",
  columns: [
    { key: "step", label: "steps" },
    { key: "forward", label: "KL(target‖student)", format: formatNumber },
    { key: "reverse", label: "KL(student‖target)", format: formatNumber },
    { key: "expectedForward", label: "Σ E h(ρ(s)), target’s responses", format: formatNumber },
    { key: "expectedReverse", label: "Σ E h(ρ(s)), student’s responses", format: formatNumber },
    { key: "sharp", label: "T·h(ρ̄)", format: formatNumber },
    { key: "paper", label: "2Tε (raw)", format: formatNumber },
    { key: "gaugeFree", label: "gauge-free distance", format: formatNumber },
    { key: "raw", label: "raw distance", format: formatNumber },
  ],
  rows: moments.map(({ step, comparison: { kl, bounds, distance } }) => ({
    step,
    ...kl,
    expectedForward: bounds.sharpExpected.forward,
    expectedReverse: bounds.sharpExpected.reverse,
    sharp: bounds.sharp,
    paper: bounds.paper,
    ...distance,
  })),
});
