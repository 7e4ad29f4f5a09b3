import { expectation } from "../../bellman/index.ts";
import { tabularStudent, tiltedTarget } from "../../learn/index.ts";
import type { Table } from "../../space/index.ts";
import { seedOf } from "../reward-laws.ts";
import type { Stage } from "../stage.ts";
import { RECIPES, type Recipe } from "./recipes.ts";
import { inBreaths } from "./stage.ts";
import { followStudent, type StudentPoint } from "./student-run.ts";
import { REWARDED } from "./trade-off.ts";

/** How much is distilled on names. */
export interface NamesPlan {
  /** Of the model of names that students are distilled on. */
  readonly model: { readonly order: number; readonly minimumCount: number };
  readonly temperature: number;
  readonly exactSteps: number;
  readonly sampledSteps: number;
  /** Responses for each sampled step. */
  readonly batch: number;
}

/** One objective's runs on names, from the reference on. */
export interface NamesRun {
  readonly recipe: Recipe;
  readonly exact: readonly StudentPoint[];
  readonly sampled: readonly StudentPoint[];
}

/** What is distilled on names, and what came out. */
export interface NamesDistillation {
  /** Logits of a tabular student. */
  arcs: number;
  /** Probability of the pattern under the reference and under the target. */
  probability: { readonly reference: number; readonly target: number };
  readonly runs: NamesRun[];
}

/** Largest learning rates; sampled ones are lower for their noise. */
const RATES = { exact: 0.1, sampled: 0.03 };

/** Distils a model of names with a rewarded pattern by every objective, exactly and on the student's own samples. */
export const namesStages = (model: Table, plan: NamesPlan, seed: number, into: NamesDistillation): Stage[] =>
  RECIPES.map((recipe) => ({
    label: `distilling names: ${recipe.label}`,
    weight: 1 + (plan.exactSteps + plan.sampledSteps) / 30,
    run: async function* (signal) {
      const run = { recipe, exact: [], sampled: [] };
      yield* inBreaths(plan.exactSteps + plan.sampledSteps, runsOf(model, plan, seed, run, into), signal);
      into.runs.push(run);
    },
  }));

async function* runsOf(
  model: Table,
  plan: NamesPlan,
  seed: number,
  {
    recipe,
    exact,
    sampled,
  }: { readonly recipe: Recipe; readonly exact: StudentPoint[]; readonly sampled: StudentPoint[] },
  into: NamesDistillation,
): AsyncGenerator<number, void, void> {
  const { target, arm, reference, reward } = tiltedTarget({
    reference: model,
    reward: REWARDED,
    temperature: plan.temperature,
  });
  const mean = (of: typeof arm) => expectation(of, reward.levels).mean;
  into.probability = { reference: mean(reference), target: mean(arm) };
  into.arcs = target.levels.reduce((sum, level) => sum + level.length, 0);
  const { objective } = recipe;
  const common = { target, student: tabularStudent({ from: reference }), objective };
  const ownData =
    objective === "bellman" || objective === "path-consistency" ? ({ behaviour: "student" } as const) : {};
  const { exactSteps, sampledSteps } = plan;
  yield* followStudent({ ...common, ...ownData, steps: exactSteps, learningRate: RATES.exact, seed }, exact);
  const options = {
    ...common,
    steps: sampledSteps,
    samplesPerStep: plan.batch,
    learningRate: RATES.sampled,
    seed: seedOf(seed, `names ${objective}`),
  };
  for await (const step of followStudent(options, sampled)) yield exactSteps + step;
}
