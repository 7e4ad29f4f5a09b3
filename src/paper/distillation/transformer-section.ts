import { type Certificate, certify, certifyExactly } from "../../bellman/index.ts";
import type { Table } from "../../space/index.ts";
import type { DataTable, Figure, Finding, Section } from "../exhibit.ts";
import { formatNumber } from "../format.ts";
import { html } from "../html.ts";
import { LOOKS } from "../plot.ts";
import { seedOf } from "../reward-laws.ts";
import { curveTable } from "./convergence-figures.ts";
import { CERTIFIED, CERTIFIED_NAMES, holdsIn } from "./coverage.ts";
import { curvesFigure } from "./curves-figure.ts";
import { lastOf, type StudentPoint } from "./student-run.ts";
import type { TransformerRun, TransformerStudentPlan } from "./transformer-student.ts";

/** Samples of the certificate that a run ends with. */
const SAMPLES = 10_000;

type Certified = TransformerRun & {
  readonly certificate: Certificate;
  readonly exact: ReturnType<typeof certifyExactly>;
};

/** A Transformer distilled on samples. */
export const transformerSection = (
  plan: TransformerStudentPlan,
  runs: readonly TransformerRun[],
  target: Table,
  options: { readonly seed: number; readonly engine: string },
): Section => {
  const certified = runs.map((run): Certified => {
    const seed = seedOf(options.seed, `certificate of a Transformer ${run.recipe.objective}`);
    return {
      ...run,
      certificate: certify(run.table, target, { samples: SAMPLES, seed }),
      exact: certifyExactly(run.table, target),
    };
  });
  return {
    id: "distillation-transformer",
    heading: "A Transformer student",
    prose: [
      html`The Zipf target of ${plan.space.label} was distilled into causal Transformers of ${plan.layers === 1 ? "1 layer" : `${plan.layers} layers`} and width ${plan.width}
        from ${formatNumber(plan.batch)} responses a step, ${formatNumber(plan.steps)} AdamW steps: by forward KL on responses of the target, and by reverse KL, with a leave-one-out
        baseline, on their own. Divergences are exact, from the logits of all prefixes. What is left is what the steps and the size leave: Figure 3
        above shows how slowly a target without structure is learned by heart even from exact expectations. Reverse KL learns only from what
        the student draws already, and begins slowly.`,
      html`A run ends with its certificate, from ${formatNumber(SAMPLES)} samples of the student; here the truth stands beside it.`,
    ],
    findings: [...certified.map(learnedFinding), ...certified.map(certificateFinding)],
    exhibits: [figureOf(plan, certified), certificateTable(certified)],
    numbers: {
      engine: options.engine,
      runs: certified.map(({ recipe, points, exact, certificate }) => ({
        objective: recipe.objective,
        first: points[0],
        last: lastOf(points),
        exact,
        certificate,
      })),
    },
  };
};

/** The direction that a run's objective minimises. */
const ownOf = ({ recipe }: TransformerRun): "forward" | "reverse" =>
  recipe.objective === "forward-kl" ? "forward" : "reverse";

const NAMES = { forward: "KL(target‖student)", reverse: "KL(student‖target)" } as const;

const learnedFinding = (run: Certified): Finding => {
  const way = ownOf(run);
  const [first, last] = [(run.points[0] as StudentPoint).kl[way], lastOf(run.points).kl[way]];
  return {
    label: `${run.recipe.label}: ${NAMES[way]}, at first and in the end`,
    value: `${formatNumber(first)}, ${formatNumber(last)} nats`,
    holds: last < first,
  };
};

const certificateFinding = ({ recipe, certificate, exact }: Certified): Finding => {
  const held = CERTIFIED.filter((key) => holdsIn(certificate[key].interval, exact[key])).length;
  const warned = certificate.warnings.length > 0;
  return {
    label: `${recipe.label}: intervals of the final certificate that hold the truth${warned ? ", with a warning" : ""}`,
    value: `${held} of ${CERTIFIED.length}`,
    holds: held === CERTIFIED.length || warned,
  };
};

const figureOf = (plan: TransformerStudentPlan, runs: readonly Certified[]): Figure => {
  const ends = runs.flatMap(({ recipe, points }) =>
    (["forward", "reverse"] as const).map(
      (way) => `${recipe.label}, ${NAMES[way]} ${formatNumber(lastOf(points).kl[way])}`,
    ),
  );
  const label = `Both divergences of two Transformers against responses drawn, logarithmic, ${plan.space.label}. In the end: ${ends.join("; ")} nats.`;
  return curvesFigure({
    id: "distillation-transformer",
    title: "A Transformer on samples",
    label,
    series: runs.flatMap(({ recipe, points }, run) =>
      (["forward", "reverse"] as const).map((way, direction) => ({
        label: `${recipe.label}: ${NAMES[way]}`,
        ...(LOOKS[2 * run + direction] as (typeof LOOKS)[number]),
        places: points.slice(1).map(({ samples, kl }) => ({ x: samples, y: kl[way] })),
        ...(direction === 1 ? { dash: "5 3" } : {}),
      })),
    ),
    x: { label: "responses drawn →", log: true },
    y: { label: "↑ KL, nats", log: true },
    caption: html`Solid: KL(target‖student); dashed: KL(student‖target). Learning rate ${formatNumber(plan.learningRate)} falling to 0.`,
    table: curveTable(
      "distillation-transformer",
      "Divergences along the runs, nats",
      runs.map(({ recipe, points }) => ({ recipe, run: points })),
    ),
  });
};

const certificateTable = (runs: readonly Certified[]): DataTable => ({
  id: "distillation-transformer-certificates",
  caption: "Final certificates, nats",
  columns: [
    { key: "objective", label: "objective" },
    { key: "quantity", label: "quantity" },
    { key: "exact", label: "exact", format: formatNumber },
    { key: "estimate", label: "estimate", format: formatNumber },
    { key: "lower", label: "95 % interval from", format: formatNumber },
    { key: "upper", label: "to", format: formatNumber },
    { key: "guaranteedLower", label: "guaranteed from", format: formatNumber },
    { key: "guaranteedUpper", label: "to", format: formatNumber },
  ],
  rows: runs.flatMap(({ recipe, certificate, exact }) =>
    CERTIFIED.map((key) => {
      const { estimate, interval } = certificate[key];
      const guaranteed = certificate.guarantees?.confident[key];
      return {
        objective: recipe.label,
        quantity: CERTIFIED_NAMES[key],
        exact: exact[key],
        estimate,
        lower: interval[0],
        upper: interval[1],
        guaranteedLower: guaranteed?.[0] ?? null,
        guaranteedUpper: guaranteed?.[1] ?? null,
      };
    }),
  ),
});
