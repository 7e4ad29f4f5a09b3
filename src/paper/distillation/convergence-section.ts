import { countResponses, type Space } from "../../space/index.ts";
import type { Finding, Section } from "../exhibit.ts";
import { formatNumber } from "../format.ts";
import { html } from "../html.ts";
import type { BiasPlan, BiasRow } from "./bias.ts";
import { biasFindings, biasProse, biasTable } from "./bias-table.ts";
import type { Convergence, ConvergencePlan } from "./convergence.ts";
import { exactFigure, KL_FLOOR, sampledFigure } from "./convergence-figures.ts";
import { largerKl, lastOf, type StudentPoint } from "./student-run.ts";

/** Divergences of exact runs must not exceed this, in nats. */
const REQUIRED = 1e-6;
/** How far the slope of forward KL may be from −1. */
const SLOPE_TOLERANCE = 0.35;

/** All objectives on a Zipf target. */
export const convergenceSection = (
  plan: ConvergencePlan,
  runs: readonly Convergence[],
  bias: { readonly plan: BiasPlan; readonly rows: readonly BiasRow[] },
): Section => {
  const { space } = plan.space;
  const free = freeLogits(space);
  const responses = Number(countResponses(space));
  return {
    id: "distillation",
    heading: "Four objectives, one optimum",
    prose: [
      html`A Zipf target over all ${formatNumber(responses)} responses of ${plan.space.label} was distilled into a tabular student,
        uniform at first, with ${formatNumber(free)} free logits. Four objectives (theory §9): forward KL, reverse KL (maximum-entropy
        reinforcement learning), soft Bellman regression, and path consistency (trajectory balance). Adam, with a learning rate that falls
        to 0 along half a cosine, from 0.2 where expectations are exact. All have the target as their only optimum; the divergences shown are exact, whatever the
        gradients were made of.`,
      html`Sampled gradients differ in what noise they keep at the optimum. Forward KL goes on scattering there, so that after
        <i>n</i> responses no method can be expected below <i>d</i>/2<i>n</i> nats (Cramér and Rao; <i>d</i> free logits): a slope of −1. The residuals of the
        other three vanish at the optimum for every single response, and their noise with them: once every response that counts
        has been seen often enough, the divergence falls faster than that.`,
      biasProse(bias.plan, bias.rows),
    ],
    findings: [...exactFindings(runs), ...runs.map((run) => slopeFinding(run, responses)), ...biasFindings(bias.rows)],
    exhibits: [exactFigure(plan, runs), sampledFigure(plan, runs, free), biasTable(bias.plan, bias.rows)],
    numbers: {
      responses,
      freeLogits: free,
      objectives: runs.map(({ recipe, exact, sampled }) => ({
        objective: recipe.objective,
        exact: lastOf(exact),
        sampled,
        slope: slopeOf(sampled),
      })),
      bias: bias.rows,
    },
  };
};

/** What a student on a space can choose: one number less than actions, at every state that has any. */
const freeLogits = (space: Space): number => {
  let free = 0;
  for (let depth = 0; depth < space.horizon; depth++) {
    const layer = space.layer(depth);
    for (let state = 0; state < layer.states; state++) {
      const end = layer.firstArc(state + 1);
      let actions = 0;
      for (let arc = layer.firstArc(state); arc < end; arc++) {
        if (layer.arcOf(state, layer.action(arc, state)) >= 0) actions++;
      }
      free += Math.max(0, actions - 1);
    }
  }
  return free;
};

/** Slope of log KL by log samples over the ends of the two longest runs. */
const slopeOf = (sampled: Convergence["sampled"]): number => {
  const [before, after] = sampled.slice(-2) as [StudentPoint, StudentPoint];
  const [high, low] = [before, after].map((point) => Math.max(largerKl(point), KL_FLOOR)) as [number, number];
  return Math.log(low / high) / Math.log(after.samples / before.samples);
};

const exactFindings = (runs: readonly Convergence[]): Finding[] =>
  runs.map(({ recipe, exact }) => {
    const end = largerKl(lastOf(exact));
    return {
      label: `${recipe.label}, exact expectations: larger divergence after ${formatNumber(lastOf(exact).step)} steps (required: ≤ 10⁻⁶)`,
      value: `${formatNumber(end)} nats`,
      holds: end <= REQUIRED,
    };
  });

/** Responses drawn for each that there is, from which on a quiet objective must fall faster than 1/n. */
const SEEN_OFTEN = 16;

const slopeFinding = ({ recipe, sampled }: Convergence, responses: number): Finding => {
  const slope = slopeOf(sampled);
  const end = lastOf(sampled);
  const often = end.samples >= SEEN_OFTEN * responses;
  const theory = recipe.quiet ? (often ? "below −1" : "below −1 on longer runs; here only that it falls") : "−1";
  return {
    label: `${recipe.label}, ${recipe.data}: slope of log KL by log responses between the two longest runs (theory: ${theory})`,
    value: `${formatNumber(slope)}, to ${formatNumber(largerKl(end))} nats`,
    holds: recipe.quiet
      ? slope < (often ? -1 : 0) || largerKl(end) <= KL_FLOOR
      : Math.abs(slope + 1) <= SLOPE_TOLERANCE,
  };
};
