import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { armOf, generator, logProbability, uniform } from "../../bellman/index.ts";
import { layered, lengthRange, type Tree, table, tableOfArcs, tree } from "../../space/index.ts";
import type { Engine, Resident } from "../engine/engine.ts";
import { jaxEngine } from "../engine/jax-engine.ts";
import { architecture } from "../models/architecture.ts";
import { initialWeights } from "../models/initialise.ts";
import { zipfTarget } from "../targets.ts";
import { compareGradientEstimators } from "./compare-estimators.ts";
import { exactArmRisk } from "./exact-arm.ts";
import { exactEbmRisk } from "./exact-ebm.ts";
import { importancePhase } from "./importance.ts";
import { metropolisPhase } from "./metropolis.ts";
import { noiseContrastivePhase } from "./noise-contrastive.ts";
import type { PhaseEstimator } from "./phase.ts";
import { armProposal, propose, rowSums, tableProposal } from "./proposal.ts";
import { dataSource, modelSource } from "./response-source.ts";
import { allResponses, type Rows } from "./rows.ts";
import { type Estimator, sampledEbmRisk } from "./sampled-ebm.ts";
import type { RowScorer } from "./scorer.ts";
import { targetProbabilities } from "./target.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await jaxEngine();
});
afterAll(() => engine.dispose());

const spaces = { fixed: tree({ tokens: 3, horizon: 3, eos: false }), eos: tree({ tokens: 3, horizon: 3, eos: true }) };
const estimators: Estimator[] = ["importance", "noise-contrastive", "metropolis"];

/** Place of each row among all responses. */
const placesOf = (space: Tree, rows: Rows): number[] => {
  const key = ({ tokens, lengths, horizon }: Rows, row: number) =>
    tokens.subarray(row * horizon, row * horizon + (lengths[row] as number)).join();
  const all = allResponses(space);
  const places = new Map(Array.from({ length: all.count }, (_, row) => [key(all, row), row]));
  return Array.from({ length: rows.count }, (_, row) => places.get(key(rows, row)) as number);
};

/** An EBM that is a table of scores: what samplers do can be checked without a Transformer. */
const tableScorer = (space: Tree, scores: Float64Array): RowScorer => ({
  scores: (_, rows) => Promise.resolve(Float64Array.from(placesOf(space, rows), (place) => scores[place] as number)),
  gradient: () => Promise.reject(new Error("not needed")),
  dispose: () => Promise.resolve(),
});

/** Scores, their distribution, a target and a proposal unlike either. */
const problemOf = (space: Tree) => {
  const random = generator(8);
  const { count } = allResponses(space);
  const scores = Float64Array.from({ length: count }, () => 2 * uniform(random));
  const sum = scores.reduce((total, score) => total + Math.exp(score), 0);
  const proposal = zipfTarget(space, { exponent: 0.5, seed: 2 });
  const target = zipfTarget(space, { seed: 3 });
  return {
    scores,
    logPartition: Math.log(sum),
    model: scores.map((score) => Math.exp(score) / sum),
    proposal,
    proposalProbabilities: targetProbabilities(proposal),
    target,
    targetProbabilities: targetProbabilities(target),
  };
};

/** Weight of every response in the gradient, and the log-partition, draw by draw. */
const runPhase = async (
  phase: PhaseEstimator,
  space: Tree,
  options: { draws: number; count: number; batch: number },
) => {
  const problem = problemOf(space);
  const scorer = tableScorer(space, problem.scores);
  const data = modelSource(problem.target);
  const proposal = tableProposal(problem.proposal);
  const random = generator(4);
  const weights: Float64Array[] = [];
  const logPartitions: number[] = [];
  for (let draw = 0; draw < options.draws; draw++) {
    const rows = await data.draw(options.batch, random);
    const inputs = { scorer, proposal, weights: {} as Resident, random, count: options.count, data: rows };
    const dataScores = await scorer.scores({} as Resident, rows);
    const seen = await phase.run({ ...inputs, dataScores });
    const all = new Float64Array(problem.scores.length);
    placesOf(space, rows).forEach((place, i) => {
      all[place] = (all[place] as number) + (seen.dataWeights[i] as number);
    });
    placesOf(space, seen.samples).forEach((place, i) => {
      all[place] = (all[place] as number) + (seen.sampleWeights[i] as number);
    });
    weights.push(all);
    logPartitions.push(seen.logPartition);
  }
  return { problem, weights, logPartitions };
};

const momentsOf = (numbers: number[]) => {
  const mean = numbers.reduce((a, b) => a + b, 0) / numbers.length;
  const squares = numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { mean, standardError: Math.sqrt(squares / (numbers.length - 1) / numbers.length) };
};

describe.each(["fixed", "eos"] as const)("on a space %s", (name) => {
  const space = spaces[name];

  test("importance sampling weighs responses as the exact gradient does, on average", async () => {
    const count = 400;
    const { problem, weights, logPartitions } = await runPhase(importancePhase(), space, {
      draws: 300,
      count,
      batch: 50,
    });
    problem.model.forEach((p, place) => {
      const { mean, standardError } = momentsOf(weights.map((w) => w[place] as number));
      const expected = p - (problem.targetProbabilities[place] as number);
      // five standard errors for dozens of responses, and the bias of a ratio, of order p / samples
      expect(Math.abs(mean - expected)).toBeLessThan(5 * standardError + (5 * p) / count);
    });
    const { mean, standardError } = momentsOf(logPartitions.map((x) => Math.exp(x - problem.logPartition)));
    expect(Math.abs(mean - 1)).toBeLessThan(4 * standardError); // Ẑ itself is unbiased
  });

  test("noise-contrastive weights are those of its loss", async () => {
    const [count, batch] = [600, 200];
    const { problem, weights, logPartitions } = await runPhase(noiseContrastivePhase(), space, {
      draws: 200,
      count,
      batch,
    });
    // the normaliser that separates best in expectation, by Newton's method on Σ p·σ(c − m) = K Σ q·σ(m − c)
    const ratio = count / batch;
    const posterior = (place: number, c: number) => {
      const odds =
        Math.exp((problem.scores[place] as number) - c) / (ratio * (problem.proposalProbabilities[place] as number));
      return odds / (1 + odds);
    };
    let c = problem.logPartition;
    for (let step = 0; step < 50; step++) {
      let [value, slope] = [0, 0];
      problem.scores.forEach((_, place) => {
        const s = posterior(place, c);
        const [p, q] = [problem.targetProbabilities[place] as number, problem.proposalProbabilities[place] as number];
        value += p * (1 - s) - ratio * q * s;
        slope += (p + ratio * q) * s * (1 - s);
      });
      c -= value / slope;
    }
    problem.scores.forEach((_, place) => {
      const s = posterior(place, c);
      const [p, q] = [problem.targetProbabilities[place] as number, problem.proposalProbabilities[place] as number];
      const { mean, standardError } = momentsOf(weights.map((w) => w[place] as number));
      // five standard errors, and that of order 1 / batch from fitting c to the draw
      expect(Math.abs(mean - (ratio * q * s - p * (1 - s)))).toBeLessThan(5 * standardError + (p + q) / batch);
    });
    const { mean, standardError } = momentsOf(logPartitions);
    expect(Math.abs(mean - c)).toBeLessThan(5 * standardError + 1 / batch);
  });

  test("Metropolis chains come to the model's distribution", async () => {
    const count = 6000;
    const { problem, weights, logPartitions } = await runPhase(metropolisPhase(), space, {
      draws: 12,
      count,
      batch: 1,
    });
    const last = weights.at(-1) as Float64Array;
    // add back the datum, whose weight is −1
    const datum = last.findIndex((w) => w < -0.5);
    last[datum] = (last[datum] as number) + 1;
    const statistic = problem.model.reduce((sum, p, i) => sum + (count * ((last[i] as number) - p) ** 2) / p, 0);
    const freedom = problem.model.length - 1;
    // a chi-squared number: mean freedom, variance 2·freedom
    expect(statistic).toBeLessThan(freedom + 4.5 * Math.sqrt(2 * freedom));
    const { mean, standardError } = momentsOf(logPartitions);
    expect(Math.abs(mean - problem.logPartition)).toBeLessThan(5 * standardError + 1e-3);
  });

  test("a table proposes its own distribution, and keeps what it is told to keep", async () => {
    const { proposal: model, proposalProbabilities } = problemOf(space);
    await checkProposal(space, tableProposal(model), proposalProbabilities);
  });

  test("a Transformer proposes its own distribution, and keeps what it is told to keep", async () => {
    const arm = architecture({
      kind: "arm",
      actions: space.actions,
      horizon: 3,
      eos: space.eos,
      layers: 1,
      width: 8,
      heads: 2,
    });
    const weights = await engine.resident(initialWeights(arm, 3));
    const uniformTarget = targetProbabilities(table(space, "reward", () => 0));
    const risk = await exactArmRisk({ engine, model: arm, space, target: uniformTarget });
    const expected = targetProbabilities(await risk.table(weights));
    const proposal = await armProposal({ engine, model: arm, weights, size: 300 });
    await checkProposal(space, proposal, expected);
    await Promise.all([risk.dispose(), proposal.dispose()]);
  });

  test.each(estimators)(
    "a step of %s is decided by its draw and the memory, and evaluates the risk",
    async (estimator) => {
      const model = architecture({
        kind: "ebm",
        actions: space.actions,
        horizon: 3,
        eos: space.eos,
        layers: 1,
        width: 8,
        heads: 2,
      });
      const weights = await engine.resident(initialWeights(model, 3));
      const problem = problemOf(space);
      const make = (samples: number) =>
        sampledEbmRisk({
          engine,
          model,
          data: modelSource(problem.target),
          proposal: tableProposal(problem.proposal),
          estimator,
          batch: samples,
          samples,
        });
      const [first, again] = [await make(64), await make(64)];
      await first.gradient(weights, { seed: 1, step: 0 });
      if (first.memory) again.memory?.write(first.memory.read());
      const [one, same] = [
        await first.gradient(weights, { seed: 1, step: 1 }),
        await again.gradient(weights, { seed: 1, step: 1 }),
      ];
      expect(same).toEqual(one);
      expect((await again.gradient(weights, { seed: 1, step: 2 })).gradient).not.toEqual(one.gradient);

      const exact = await exactEbmRisk({ engine, model, space, target: problem.targetProbabilities });
      const expected = await exact.evaluate(weights);
      // the standard error of mean score and log-partition, from 4,096 data and samples
      const probabilities = targetProbabilities(await exact.table(weights));
      let [mean, squares, ratio] = [0, 0, -1];
      probabilities.forEach((p, i) => {
        const [target, proposal] = [
          problem.targetProbabilities[i] as number,
          problem.proposalProbabilities[i] as number,
        ];
        mean += target * Math.log(p);
        squares += target * Math.log(p) ** 2;
        ratio += p ** 2 / proposal;
      });
      const standardError = Math.sqrt((squares - mean ** 2 + ratio) / 4096);
      expect(Math.abs((await first.evaluate(weights)) - expected)).toBeLessThan(4 * standardError);
      await Promise.all([first, again, exact].map((risk) => risk.dispose()));
    },
  );
});

/** The proposal's probabilities are those expected, its draws follow them, and kept actions are kept. */
const checkProposal = async (space: Tree, proposal: ReturnType<typeof tableProposal>, expected: Float64Array) => {
  const all = allResponses(space);
  const logProbabilities = rowSums(await proposal.logPolicy(all), all.horizon);
  logProbabilities.forEach((logProbability_, row) => {
    expect(Math.exp(logProbability_)).toBeCloseTo(expected[row] as number, 6);
  });
  const count = 3000;
  const random = generator(9);
  const drawn = await propose(proposal, count, random);
  const seen = new Float64Array(all.count);
  for (const place of placesOf(space, drawn)) seen[place] = (seen[place] as number) + 1;
  const freedom = all.count - 1;
  const statistic = seen.reduce(
    (sum, n, i) => sum + (n - count * (expected[i] as number)) ** 2 / (count * (expected[i] as number)),
    0,
  );
  expect(statistic).toBeLessThan(freedom + 4.5 * Math.sqrt(2 * freedom));

  const keep = Int32Array.from({ length: count }, (_, row) => row % 4);
  const extended = await proposal.extend(drawn, keep, random);
  for (let row = 0; row < count; row++) {
    const kept = Math.min(keep[row] as number, drawn.lengths[row] as number);
    const [from, to] = [row * 3, row * 3 + kept];
    expect([...extended.tokens.subarray(from, to)]).toEqual([...drawn.tokens.subarray(from, to)]);
  }
  expect(placesOf(space, extended)).not.toContain(undefined);
};

test("an automaton far too large to enumerate can propose", async () => {
  const space = layered(lengthRange({ tokens: 3, minimum: 0, maximum: 200 }), { horizon: 201, eos: true });
  const model = armOf(tableOfArcs(space, "logits", (_, __, action) => (action === 3 ? -1 : 0)));
  const proposal = tableProposal(model);
  const rows = await propose(proposal, 5, generator(1));
  const logProbabilities = rowSums(await proposal.logPolicy(rows), rows.horizon);
  logProbabilities.forEach((value, row) => {
    const response = rows.tokens.subarray(row * 201, row * 201 + (rows.lengths[row] as number) - 1);
    expect(value).toBeCloseTo(logProbability(model, response), 10);
  });
});

test("estimators are compared with the exact gradient in a table", async () => {
  const space = spaces.eos;
  const model = architecture({ kind: "ebm", actions: 4, horizon: 3, eos: true, layers: 1, width: 8, heads: 2 });
  const rows = await compareGradientEstimators({
    engine,
    model,
    space,
    target: zipfTarget(space, { seed: 3 }),
    weights: initialWeights(model, 5),
    proposal: table(space, "logits", () => 0),
    samples: 100,
    batch: 100,
    seed: 1,
    repeats: 64,
  });
  expect(rows.map(({ estimator }) => estimator)).toEqual(["exact", "enumerated", ...estimators]);
  for (const row of rows) {
    if (row.estimator === "exact") expect(row).toMatchObject({ bias: 0, distance: 0, standardDeviation: 0 });
    else expect(row.standardDeviation).toBeGreaterThan(0);
    // the noise-contrastive gradient is shorter: of another loss
    if (row.estimator === "noise-contrastive") expect(row.bias).toBeLessThan(-5 * row.biasStandardError);
    else expect(Math.abs(row.bias)).toBeLessThan(5 * row.biasStandardError + 0.02);
  }
});

test("mistakes are refused in one sentence", async () => {
  const space = spaces.fixed;
  const model = architecture({ kind: "ebm", actions: 3, horizon: 3, eos: false, layers: 1, width: 8, heads: 2 });
  const proposal = tableProposal(table(space, "reward", () => 0));
  const data = dataSource(allResponses(space));
  const options = { engine, model, data, proposal, estimator: "importance" } as const;
  const refuse = (change: object, message: RegExp) =>
    expect(sampledEbmRisk({ ...options, ...change })).rejects.toThrow(message);
  await refuse(
    { estimator: "guess" },
    /"estimator" must be one of importance, noise-contrastive, metropolis, got "guess"/,
  );
  await refuse({ samples: 0 }, /"samples" must be a whole number ≥ 1/);
  await refuse({ samples: 2, estimator: "metropolis" }, /"samples" must be at least the horizon 3/);
  await refuse({ model: { ...model, horizon: 4 } }, /the horizon of "data" is 3, the model's 4/);
  await refuse({ model: { ...model, prompts: 2 } }, /without prompts/);
  await refuse({ model: { ...model, kind: "arm" } }, /of kind "ebm", got "arm"/);
});
