import { expectation, kl, type Model, policy, toLogits } from "../../bellman/index.ts";
import { cosineRate, drawBatch, type Objective } from "../../learn/index.ts";
import { type Table, tree } from "../../space/index.ts";
import { seedOf } from "../reward-laws.ts";
import type { Stage } from "../stage.ts";
import { BIAS_CASES, type BiasCase } from "./bias-cases.ts";
import { zipfOf } from "./convergence.ts";
import { inBreaths } from "./stage.ts";

/** How many runs bias is measured by. */
export interface BiasPlan {
  /** Independent runs of each way of sampling, at least 2. */
  readonly runs: number;
  readonly steps: number;
}

/** Mean of some numbers, with its standard error. */
export interface Mean {
  readonly mean: number;
  readonly standardError: number;
}

/** Where runs of one way of sampling end that begin at the target. */
export interface BiasRow extends Omit<BiasCase, "make" | "from"> {
  /** `E_student[log p*] − E_target[log p*]`, over the runs, in nats. */
  readonly excess: Mean;
  /** `KL(target‖student)`, over the runs, in nats. */
  readonly kl: Mean;
}

/** The space of this study: small, so that runs are long for it. */
export const BIAS_SPACE = { id: "v4-t4", label: "V = 4, T = 4", space: tree({ tokens: 4, horizon: 4, eos: false }) };

/** Largest learning rate, falling to 0 along half a cosine. */
const RATE = 1;

/** Runs of every way of sampling, again and again; rows are put into `into`. */
export const biasStages = (plan: BiasPlan, seed: number, into: BiasRow[]): Stage[] =>
  BIAS_CASES.map((one) => ({
    label: `bias: ${one.objective}, ${one.data}, batches of ${one.batch}`,
    weight: 1 + (plan.runs * plan.steps) / 2000,
    run: async function* (signal) {
      const target = zipfOf({ space: BIAS_SPACE }, seed);
      const ends: Table[] = [];
      yield* inBreaths(plan.runs, runsOf(one, target, plan, seed, ends), signal);
      into.push(rowOf(one, target, ends));
    },
  }));

/** Independent runs of a way of sampling; yields runs made. */
function* runsOf(
  one: BiasCase,
  target: Table,
  { runs, steps }: BiasPlan,
  seed: number,
  ends: Table[],
): Generator<number> {
  const objective = one.make(target);
  const from = one.from(objective);
  const { logits, logPartition } = toLogits(target);
  const optimum = logits.levels.flatMap((level) => Array.from(level));
  for (let run = 0; run < runs; run++) {
    // where the log-partition is learned it stands after the logits
    const parameters = Float64Array.from({ length: objective.size }, (_, i) => optimum[i] ?? logPartition);
    const draw = { from, batch: one.batch, seed: seedOf(seed, `bias ${one.id} ${run}`) };
    ends.push(descend(objective, parameters, draw, steps));
    yield run + 1;
  }
}

/** Plain gradient descent: Adam, which divides by the root of noisy squares, has a bias of its own. */
const descend = (
  objective: Objective,
  parameters: Float64Array,
  { from, batch, seed }: { readonly from: "student" | Model; readonly batch: number; readonly seed: number },
  steps: number,
): Table => {
  const schedule = cosineRate(RATE, steps);
  for (let step = 0; step < steps; step++) {
    const model = from === "student" ? objective.table(parameters) : from;
    const gradient = objective.gradient(parameters, drawBatch(model, batch, { seed, step }));
    const rate = schedule(step);
    for (let i = 0; i < gradient.length; i++)
      parameters[i] = (parameters[i] as number) - rate * (gradient[i] as number);
  }
  return objective.table(parameters);
};

const rowOf = ({ make: _make, from: _from, ...one }: BiasCase, target: Table, ends: readonly Table[]): BiasRow => {
  const { levels } = policy(target);
  const { mean: best } = expectation(target, levels);
  return {
    ...one,
    excess: meanOf(ends.map((table) => expectation(table, levels).mean - best)),
    kl: meanOf(ends.map((table) => kl(target, table))),
  };
};

const meanOf = (numbers: readonly number[]): Mean => {
  const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  const squares = numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { mean, standardError: Math.sqrt(squares / (numbers.length - 1) / numbers.length) };
};
