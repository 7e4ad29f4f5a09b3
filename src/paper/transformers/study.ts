import { type Engine, teacherTarget } from "../../learn/index.ts";
import { makeFolder } from "../../space/files/index.ts";
import { countResponses, type Table } from "../../space/index.ts";
import { TARGET_LAWS } from "../claim-minima.ts";
import { seedOf } from "../reward-laws.ts";
import type { Stage } from "../stage.ts";
import { type Pair, pairOf } from "./pair.ts";
import { type Goal, goalsOf, type TransformerPlan } from "./plan.ts";
import type { RunState } from "./run-file.ts";
import { KINDS, type Run, runOf, stateOf, trainRun } from "./train-run.ts";

/**
 * The trainings of a plan, one after the other, each kept in a file of the folder: what is there is not done again.
 *
 * @param options.pairs takes the compared models, in the order of the plan's goals
 */
export const studyStages = (
  plan: TransformerPlan,
  options: { folder: string; seed: number; engine: Engine; version: string; pairs: Pair[] },
): Stage[] => {
  const { engine, pairs, folder } = options;
  const targetOf = targets(engine, options.seed);
  return goalsOf(plan).flatMap((goal) => {
    const states: RunState[] = [];
    const trainings = KINDS.map((kind): Stage => {
      const run = runOf(goal, kind, options);
      return {
        label: `training: ${labelOf(run)}`,
        weight: weightOf(run, engine),
        run: async function* (signal) {
          makeFolder(folder);
          const training = trainRun(run, await targetOf(goal), { engine, signal });
          for (;;) {
            const { done, value } = await training.next();
            if (done) {
              states.push(value);
              return;
            }
            yield value / goal.steps;
          }
        },
      };
    });
    const comparison: Stage = {
      label: "comparing ARM and EBM",
      weight: 2,
      run: async function* () {
        yield 0;
        pairs.push(pairOf(goal, await targetOf(goal), ...(states as [RunState, RunState])));
      },
    };
    return [...trainings, comparison];
  });
};

/** Targets by goal; all starts of a goal share one. */
const targets = (engine: Engine, seed: number) => {
  const drawn = new Map<string, Promise<Table>>();
  return ({ space, target }: Goal): Promise<Table> => {
    const key = `${space.id} ${target.id}`;
    const known = drawn.get(key);
    if (known) return known;
    const table = drawTarget(engine, space.space, target.id, seedOf(seed, `transformers ${key}`));
    drawn.set(key, table);
    return table;
  };
};

const drawTarget = (engine: Engine, space: Goal["space"]["space"], id: string, seed: number): Promise<Table> => {
  const law = TARGET_LAWS.find((each) => each.id === id);
  return law ? Promise.resolve(law.draw(space, seed)) : teacherTarget(engine, space, { seed });
};

const labelOf = ({ kind, goal: { space, target, size, start } }: Run): string =>
  `${kind.toUpperCase()}, ${size.label}, ${target.label}, ${space.label}, start ${start + 1}`;

/** Share of an EBM's step that an ARM's takes, whose prefixes are computed once. */
const ARM_SHARE = 0.12;
/** How much longer a step takes than on two threads of ONNX Runtime. */
const SLOWER = { onnx: 1.9, jax: 8 } as const;

const weightOf = (run: Run, engine: Engine): number => {
  const { space, size, steps } = run.goal;
  const rows = Number(countResponses(space.space)) * space.space.horizon;
  const slower = engine.name === "onnx" && engine.threads > 1 ? 1 : SLOWER[engine.name];
  const milliseconds = slower * size.milliseconds * (rows / (4096 * 4)) * (run.kind === "arm" ? ARM_SHARE : 1);
  const left = steps - (stateOf(run)?.step ?? 0);
  return 1 + (left * milliseconds) / 100;
};
