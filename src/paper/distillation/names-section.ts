import type { Finding, Section } from "../exhibit.ts";
import { formatNumber, formatPercent } from "../format.ts";
import { html } from "../html.ts";
import { curveTable, KL_FLOOR, seriesOf } from "./convergence-figures.ts";
import { curvesFigure } from "./curves-figure.ts";
import type { NamesDistillation, NamesPlan, NamesRun } from "./names-distillation.ts";
import { largerKl, lastOf, type StudentPoint } from "./student-run.ts";

/** Students with exact expectations must come this much nearer; of sampled ones only that they do is required. */
const NEARER = { exact: 20, sampled: 1 } as const;

/** All objectives on names with a rewarded pattern. */
export const namesSection = (plan: NamesPlan, { arcs, probability, runs }: NamesDistillation): Section => ({
  id: "distillation-names",
  heading: "The same on names, rewarded for “ann”",
  prose: [
    html`The reference is an n-gram model of first names (order ${plan.model.order}, contexts seen at least ${plan.model.minimumCount} times), the reward 1 for a name that contains
      “ann”, the temperature ${plan.temperature}. The target, <i>ρ</i>·exp(<i>R</i>/<i>β</i>), raises its probability from ${formatPercent(probability.reference)} to
      ${formatPercent(probability.target)}. Students are tabular on the product automaton, ${formatNumber(arcs)} logits, and begin at the reference, as students of
      an alignment do; sampled ones learn from ${formatNumber(plan.batch)} of their own responses a step.`,
    html`The reward comes at a name’s end and few names have it. Soft Bellman regression carries it back one letter a step, and on samples only along names
      that were drawn; forward KL weighs the few rewarded names by <i>e</i><sup>1/<i>β</i></sup>, and reverse KL and path consistency learn from every name how much less
      it should be liked.`,
  ],
  findings: [...runs.map((run) => nearerFinding(run, "exact")), ...runs.map((run) => nearerFinding(run, "sampled"))],
  exhibits: [figureOf(runs, "exact"), figureOf(runs, "sampled")],
  numbers: {
    arcs,
    probability,
    objectives: runs.map(({ recipe, exact, sampled }) => ({
      objective: recipe.objective,
      exact: lastOf(exact),
      sampled: lastOf(sampled),
    })),
  },
});

const nearerFinding = ({ recipe, ...runs }: NamesRun, way: "exact" | "sampled"): Finding => {
  const [first, last] = [runs[way][0] as StudentPoint, lastOf(runs[way])];
  return {
    label: `${recipe.label}, ${way === "exact" ? "exact expectations" : "on samples"}: larger divergence at the end (required: ${way === "exact" ? `${NEARER.exact} times nearer` : "nearer"} than the reference)`,
    value: `${formatNumber(largerKl(last))} nats, ${formatNumber(largerKl(first) / largerKl(last), 2)} times nearer`,
    holds: largerKl(last) * NEARER[way] < largerKl(first),
  };
};

const figureOf = (runs: readonly NamesRun[], way: "exact" | "sampled") => {
  const ends = runs.map((run) => `${run.recipe.label} at ${formatNumber(largerKl(lastOf(run[way])))}`).join(", ");
  const exact = way === "exact";
  const label = `Larger divergence against ${exact ? "Adam steps with exact expectations" : "responses drawn"}, both logarithmic, on names: ${ends} nats.`;
  const id = `distillation-names-${way}`;
  return curvesFigure({
    id,
    title: exact ? "Names, with exact expectations" : "Names, on the student’s own samples",
    label,
    series: runs.map((run) =>
      exact
        ? seriesOf(run.recipe, run.exact, ({ step }) => step + 1)
        : seriesOf(run.recipe, run.sampled.slice(1), ({ samples }) => samples),
    ),
    x: { label: exact ? "Adam steps + 1 →" : "responses drawn →", log: true },
    y: { label: "↑ larger KL, nats", log: true, floor: KL_FLOOR },
    caption: html`The larger of KL(target‖student) and KL(student‖target), exact. The student begins at the reference.`,
    table: curveTable(
      id,
      `Divergences by step on names, ${exact ? "exact expectations" : "sampled"}, nats`,
      runs.map((run) => ({ recipe: run.recipe, run: run[way] })),
    ),
  });
};
