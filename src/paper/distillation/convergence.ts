import { toLogits } from "../../bellman/index.ts";
import { tabularStudent, zipfTarget } from "../../learn/index.ts";
import type { Table } from "../../space/index.ts";
import { type NamedSpace, seedOf } from "../reward-laws.ts";
import type { Stage } from "../stage.ts";
import { RECIPES, type Recipe } from "./recipes.ts";
import { inBreaths } from "./stage.ts";
import { followStudent, type StudentPoint } from "./student-run.ts";

/** How much is distilled on the Zipf target. */
export interface ConvergencePlan {
  readonly space: NamedSpace;
  /** Steps of the runs with exact expectations. */
  readonly exactSteps: number;
  /** Steps of the sampled runs, each with a learning rate that falls to 0 at its end; ascending. */
  readonly sampledSteps: readonly number[];
  /** Responses for each sampled step. */
  readonly batch: number;
}

/** One objective's runs. */
export interface Convergence {
  readonly recipe: Recipe;
  /** With exact expectations. */
  readonly exact: readonly StudentPoint[];
  /** Ends of runs on samples, shortest first. */
  readonly sampled: readonly StudentPoint[];
}

/** The Zipf target of a plan. */
export const zipfOf = ({ space }: Pick<ConvergencePlan, "space">, seed: number): Table =>
  zipfTarget(space.space, { seed: seedOf(seed, `distillation ${space.id}`) });

/** Milliseconds of a sampled step, and of an exact one, on 4,096 responses. */
const MILLISECONDS = { sampled: 0.55, exact: 0.7 };

/** Distils the Zipf target by every objective, exactly and on samples; what comes out is put into `into`, in order. */
export const convergenceStages = (plan: ConvergencePlan, seed: number, into: Convergence[]): Stage[] =>
  RECIPES.map((recipe) => {
    const sampledSteps = plan.sampledSteps.reduce((sum, steps) => sum + steps, 0);
    const total = plan.exactSteps + sampledSteps;
    return {
      label: `distilling the Zipf target: ${recipe.label}`,
      weight: 1 + (plan.exactSteps * MILLISECONDS.exact + sampledSteps * MILLISECONDS.sampled) / 100,
      run: async function* (signal) {
        const exact: StudentPoint[] = [];
        const sampled: StudentPoint[] = [];
        yield* inBreaths(total, runsOf(recipe, plan, seed, { exact, sampled }), signal);
        into.push({ recipe, exact, sampled });
      },
    };
  });

/** All runs of one objective, one after the other; yields the steps made. */
async function* runsOf(
  { objective, behaviour, rate }: Recipe,
  { exactSteps, sampledSteps, batch, ...plan }: ConvergencePlan,
  seed: number,
  { exact, sampled }: { readonly exact: StudentPoint[]; readonly sampled: StudentPoint[] },
): AsyncGenerator<number, void, void> {
  const target = toLogits(zipfOf(plan, seed));
  const common = { target, student: tabularStudent(), objective };
  yield* followStudent({ ...common, steps: exactSteps, seed }, exact);
  let before = exactSteps;
  for (const steps of sampledSteps) {
    const options = {
      ...common,
      steps,
      samplesPerStep: batch,
      moments: [steps],
      learningRate: rate(steps),
      behaviour: behaviour(target),
      seed: seedOf(seed, `distillation ${objective} ${steps}`),
    };
    for await (const step of followStudent(options, sampled)) yield before + step;
    before += steps;
  }
}
