import { createHash } from "node:crypto";
import { join } from "node:path";
import {
  type Architecture,
  architecture,
  type Engine,
  exactArmRisk,
  exactEbmRisk,
  initialWeights,
  type Resident,
  type Risk,
  targetProbabilities,
  train,
} from "../../learn/index.ts";
import { type Table, tableOf } from "../../space/index.ts";
import { seedOf } from "../reward-laws.ts";
import type { Goal } from "./plan.ts";
import { type RunState, readRun, writeRun } from "./run-file.ts";

/** The two kinds of model. */
export const KINDS = ["arm", "ebm"] as const;

/** One model to be trained. */
export interface Run {
  readonly goal: Goal;
  readonly kind: (typeof KINDS)[number];
  readonly path: string;
  /** What decides its numbers, as JSON. */
  readonly options: string;
  readonly weightsSeed: number;
}

/** Decay of Adam's second mean: at these few steps 0.999 remembers the steep beginning for too long. */
const SQUARE_DECAY = 0.98;
/** Share of the steps over which the learning rate rises. */
const WARM_UP = 0.05;
/** Numbers of a report's trainings change with these. */
const FORMAT_VERSION = 1;

/** The run that trains one kind of model for a goal, and the file that it is kept in. */
export const runOf = (
  goal: Goal,
  kind: Run["kind"],
  { folder, seed, engine, version }: { folder: string; seed: number; engine: Engine; version: string },
): Run => {
  const { space, target, size, steps, learningRate, start } = goal;
  const decisive = {
    formatVersion: FORMAT_VERSION,
    version,
    engine: engine.name,
    seed,
    kind,
    vocabulary: space.space.tokens.length,
    horizon: space.space.horizon,
    target: target.id,
    layers: size.layers,
    width: size.width,
    heads: size.heads,
    ...optimiserOf(steps, learningRate),
    start,
  };
  const options = JSON.stringify(decisive);
  const name = [
    kind,
    target.id,
    space.id,
    `l${size.layers}-d${size.width}`,
    `rate-${learningRate}`,
    `${steps}-steps`,
    `start-${start}`,
    createHash("sha256").update(options).digest("hex").slice(0, 8),
  ].join("-");
  return {
    goal,
    kind,
    path: join(folder, `${name}.safetensors`),
    options,
    weightsSeed: seedOf(seed, `transformers ${kind} ${start}`),
  };
};

const optimiserOf = (steps: number, learningRate: number) => ({
  steps,
  learningRate,
  warmUp: Math.floor(WARM_UP * steps),
  clip: 1,
  squareDecay: SQUARE_DECAY,
});

/** The architecture of a run's model. */
export const architectureOf = ({ goal: { space, size }, kind }: Pick<Run, "goal" | "kind">): Architecture =>
  architecture({
    kind,
    actions: space.space.actions,
    horizon: space.space.horizon,
    eos: space.space.eos,
    layers: size.layers,
    width: size.width,
    heads: size.heads,
  });

/** Steps after which the model's table is taken: 0, and some twenty evenly spread over the logarithm. */
export const snapshotSteps = (steps: number): number[] => {
  const points = 24;
  const spread = Array.from({ length: points + 1 }, (_, i) => Math.round(steps ** (i / points)));
  return [...new Set([0, ...spread])];
};

/** The state that a run was left in, if it was begun. */
export const stateOf = (run: Run): RunState | undefined => readRun(run.path, run.options);

/** Seconds between saved states. */
const SAVE_EVERY = 10;

/**
 * Trains a model, from the state that it was left in; yields the number of steps made.
 *
 * @param target a table on the goal's space
 * @returns the finished run's state
 * @throws the signal's reason, once the state is saved
 */
export async function* trainRun(
  run: Run,
  target: Table,
  { engine, signal }: { engine: Engine; signal?: AbortSignal | undefined },
): AsyncGenerator<number, RunState, void> {
  const begun = stateOf(run);
  if (begun?.finished) return begun;
  const { goal, kind } = run;
  const { space } = goal.space;
  const model = architectureOf(run);
  const exactRisk = kind === "arm" ? exactArmRisk : exactEbmRisk;
  const exact = await exactRisk({ engine, model, space, target: targetProbabilities(target) });
  const snapshots = new Map(begun?.snapshots);
  const take = async (resident: Resident, step: number) => {
    snapshots.set(step, numbersOf(await exact.table(resident), kind));
  };
  const wanted = new Set(snapshotSteps(goal.steps));
  // a step begins with the weights of the one before: there the table is taken, also by a run that goes on from there
  const risk: Risk = {
    ...exact,
    gradient: async (resident, draw) => {
      if (wanted.has(draw.step)) await take(resident, draw.step);
      return exact.gradient(resident, draw);
    },
  };
  const began = performance.now();
  const secondsSoFar = () => (begun?.seconds ?? 0) + (performance.now() - began) / 1000;
  const write = (state: Pick<RunState, "step" | "finished" | "tensors">): RunState => {
    const whole = { ...state, snapshots, seconds: secondsSoFar() };
    writeRun(run.path, run.options, whole);
    return whole;
  };
  const training = train({
    engine,
    risk,
    parameters: initialWeights(model, run.weightsSeed),
    seed: run.weightsSeed,
    ...optimiserOf(goal.steps, goal.learningRate),
    ...(begun ? { resume: { step: begun.step, tensors: begun.tensors } } : {}),
    ...(signal ? { signal } : {}),
    checkpoint: { seconds: SAVE_EVERY, save: (state) => void write({ ...state, finished: false }) },
  });
  try {
    for (;;) {
      const { done, value } = await training.next();
      if (done) {
        await take(value.resident, goal.steps);
        return write({ step: goal.steps, finished: true, tensors: value.parameters });
      }
      yield value.step;
    }
  } finally {
    await exact.dispose();
  }
}

/** What a table of one kind is made of: all logits, or the rewards on the last action. */
const numbersOf = ({ levels }: Table, kind: Run["kind"]): Float32Array => {
  const told = kind === "arm" ? levels : levels.slice(-1);
  const numbers = new Float32Array(told.reduce((sum, level) => sum + level.length, 0));
  let offset = 0;
  for (const level of told) {
    numbers.set(level, offset);
    offset += level.length;
  }
  return numbers;
};

/** The table that a snapshot's numbers are of. */
export const tableOfSnapshot = ({ goal, kind }: Pick<Run, "goal" | "kind">, numbers: Float32Array): Table => {
  const { space } = goal.space;
  let offset = 0;
  const levels = Array.from({ length: space.horizon }, (_, depth) => {
    const { arcs } = space.layer(depth);
    if (kind === "ebm" && depth < space.horizon - 1) return new Float64Array(arcs);
    offset += arcs;
    return Float64Array.from(numbers.subarray(offset - arcs, offset));
  });
  return tableOf(space, kind === "arm" ? "logits" : "reward", levels);
};
