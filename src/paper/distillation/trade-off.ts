import { expectation, kl } from "../../bellman/index.ts";
import {
  type Distilled,
  distill,
  type FrontierPoint,
  frontier,
  patternOccurs,
  type TiltedTarget,
  tabularStudent,
  tiltedTarget,
} from "../../learn/index.ts";
import { regex, type Table } from "../../space/index.ts";
import { LETTERS } from "../first-names.ts";
import { seedOf } from "../reward-laws.ts";
import type { Stage } from "../stage.ts";
import { RECIPES, type Recipe } from "./recipes.ts";
import { atOnce, inBreaths } from "./stage.ts";
import { handingOver } from "./student-run.ts";

/** The pattern that is rewarded: 1 where a name contains it. */
export const REWARDED = patternOccurs(regex(".*ann.*", LETTERS), "contains “ann”");

/** Temperatures of the exact frontier, from 1 down to 0.05, in rewards per nat. */
const TEMPERATURES: readonly number[] = Array.from({ length: 20 }, (_, i) => 20 ** (-i / 19));

/** How many short runs are put on the frontier. */
export interface TradeOffPlan {
  /** Temperatures at which every objective is run. */
  readonly temperatures: readonly number[];
  readonly steps: number;
  /** Responses for each step. */
  readonly batch: number;
}

/** Where a short run of one objective ended. */
export interface Landing {
  readonly recipe: Recipe;
  readonly temperature: number;
  /** `E_student[R]`: the probability of the pattern. */
  readonly reward: number;
  /** `KL(student‖ρ)`, in nats. */
  readonly kl: number;
  /** `KL(student‖target)`, in nats: what the student loses of `E[R] − β·KL`, over `β`. */
  readonly gap: number;
}

/** The exact trade of reward against divergence, and where short runs land. */
export interface TradeOff {
  /** Of the model that the report studies. */
  large: readonly FrontierPoint[];
  /** Processor time of that frontier, in seconds. */
  seconds: number;
  /** Of the smaller model that students are distilled on. */
  small: readonly FrontierPoint[];
  readonly landings: Landing[];
}

/** The exact frontiers of two models of names, then short runs of every objective on the smaller one. */
export const tradeOffStages = (
  models: { readonly large: Table; readonly small: Table },
  plan: TradeOffPlan,
  seed: number,
  into: TradeOff,
): Stage[] => [
  {
    label: "frontier of reward against divergence",
    weight: 12,
    run: atOnce(() => {
      const begin = process.cpuUsage();
      into.large = frontier(models.large, REWARDED, TEMPERATURES);
      const { user, system } = process.cpuUsage(begin);
      into.seconds = (user + system) / 1e6;
      into.small = frontier(models.small, REWARDED, TEMPERATURES);
    }),
  },
  ...plan.temperatures.flatMap((temperature) =>
    RECIPES.map((recipe) => ({
      label: `on the frontier: ${recipe.label}, temperature ${temperature}`,
      weight: 1 + plan.steps / 20,
      run: async function* (signal?: AbortSignal) {
        const target = tiltedTarget({ reference: models.small, reward: REWARDED, temperature });
        yield* inBreaths(plan.steps, shortRun(target, recipe, plan, seed, into.landings), signal);
      },
    })),
  ),
];

async function* shortRun(
  target: TiltedTarget,
  recipe: Recipe,
  { steps, batch }: TradeOffPlan,
  seed: number,
  into: Landing[],
): AsyncGenerator<number, void, void> {
  const { temperature, reference, arm } = target;
  const { objective } = recipe;
  const run = distill({
    target: target.target,
    student: tabularStudent({ from: reference }),
    objective,
    steps,
    samplesPerStep: batch,
    learningRate: Math.min(0.2, RATE / steps),
    klEvery: steps,
    seed: seedOf(seed, `frontier ${objective} ${temperature}`),
  });
  const land = async ({ student }: Distilled) => {
    const table = await student.table();
    await student.dispose();
    const reward = expectation(table, target.reward.levels).mean;
    into.push({ recipe, temperature, reward, kl: kl(table, reference), gap: kl(table, arm) });
  };
  for await (const { step } of handingOver(run, land)) yield step;
}

/** Largest learning rate times steps: shorter runs learn faster. */
const RATE = 10;
