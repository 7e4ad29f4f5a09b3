import type { DataTable, Figure } from "../exhibit.ts";
import { formatNumber } from "../format.ts";
import { html } from "../html.ts";
import type { Convergence, ConvergencePlan } from "./convergence.ts";
import { curvesFigure, type Series } from "./curves-figure.ts";
import { largerKl, lastOf, type StudentPoint } from "./student-run.ts";

/** The least divergence drawn, in nats: below it rounding begins to show. */
export const KL_FLOOR = 1e-12;

/** Divergences of every objective against steps, with exact expectations. */
export const exactFigure = (plan: ConvergencePlan, runs: readonly Convergence[]): Figure => {
  const ends = runs
    .map(({ recipe, exact }) => `${recipe.label} at ${formatNumber(largerKl(lastOf(exact)))}`)
    .join(", ");
  const label = `Larger divergence against Adam steps with exact expectations, both logarithmic, ${plan.space.label}: ${ends} nats.`;
  return curvesFigure({
    id: "distillation-exact",
    title: "With exact expectations",
    label,
    series: runs.map(({ recipe, exact }) => seriesOf(recipe, exact, ({ step }) => step + 1)),
    x: { label: "Adam steps + 1 →", log: true },
    y: { label: "↑ larger KL, nats", log: true, floor: KL_FLOOR },
    caption: html`The larger of KL(target‖student) and KL(student‖target); what is below 10⁻¹² is drawn there.`,
    table: curveTable(
      "distillation-exact",
      "Divergences by step, exact expectations, nats",
      runs.map(({ recipe, exact }) => ({ recipe, run: exact })),
    ),
  });
};

/** Divergences of every objective against responses drawn: ends of runs of several lengths, and the way of the longest. */
export const sampledFigure = (plan: ConvergencePlan, runs: readonly Convergence[], free: number): Figure => {
  const ends = runs.map(({ sampled }) => lastOf(sampled));
  const [first, last] = [plan.batch * (plan.sampledSteps[0] as number), (ends[0] as StudentPoint).samples];
  const label =
    `Larger divergence against responses drawn, both logarithmic, ${plan.space.label}. At ${formatNumber(last)} responses: ` +
    `${runs.map(({ recipe }, i) => `${recipe.label} ${formatNumber(largerKl(ends[i] as StudentPoint))}`).join(", ")} nats.`;
  return curvesFigure({
    id: "distillation-sampled",
    title: "On samples",
    label,
    series: runs.map(({ recipe, sampled }) => ({
      label: `${recipe.label}, ${recipe.data}`,
      ...recipe.look,
      places: sampled.map((point) => ({ x: point.samples, y: largerKl(point) })),
      every: 1,
    })),
    guides: [
      {
        label: "d / 2n",
        places: [first, last].map((samples) => ({ x: samples, y: free / (2 * samples) })),
        at: 1,
        dx: -6,
        dy: 14,
        anchor: "end",
      },
    ],
    x: { label: "responses drawn →", log: true },
    y: { label: "↑ larger KL at the end, nats", log: true, floor: KL_FLOOR },
    caption: html`Each mark is the end of a run of its own, ${formatNumber(plan.batch)} responses a step, with a learning rate that falls
      to 0. Dashed: <i>d</i>/2<i>n</i>, the divergence of an efficient estimate of ${formatNumber(free)} logits from <i>n</i> responses of the target.`,
    table: curveTable(
      "distillation-sampled",
      "Divergences at the ends of the sampled runs, nats",
      runs.map(({ recipe, sampled }) => ({ recipe, run: sampled })),
    ),
  });
};

/** Divergences of a run against its steps or samples. */
export const seriesOf = (
  { label, look }: Convergence["recipe"],
  run: readonly StudentPoint[],
  x: (point: StudentPoint) => number,
): Series => ({
  label,
  ...look,
  places: run.map((point) => ({ x: x(point), y: largerKl(point) })),
});

/** Runs as a table, moment by moment. */
export const curveTable = (
  id: string,
  caption: string,
  runs: readonly { readonly recipe: Convergence["recipe"]; readonly run: readonly StudentPoint[] }[],
): DataTable => ({
  id,
  caption,
  columns: [
    { key: "objective", label: "objective" },
    { key: "step", label: "steps" },
    { key: "samples", label: "responses drawn" },
    { key: "forward", label: "KL(target‖student)", format: formatNumber },
    { key: "reverse", label: "KL(student‖target)", format: formatNumber },
  ],
  rows: runs.flatMap(({ recipe, run }) =>
    run.map(({ step, samples, kl }) => ({ objective: recipe.label, step, samples, ...kl })),
  ),
});
