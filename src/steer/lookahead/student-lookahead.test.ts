import { describe, expect, test } from "vitest";
import { type Arm, armOf, condition, toLogits } from "../../bellman/index.ts";
import { distill, ngramStudent } from "../../learn/index.ts";
import { keywords, table, tree } from "../../space/index.ts";
import { containing } from "../constraints/index.ts";
import { type LanguageModel, tableModel } from "../models/index.ts";
import { constrain, expert, type Potential, productOf } from "../potentials/index.ts";
import { type SteerOptions, steer } from "../samplers/index.ts";
import { logSum, modelScore, proposalAlong, randomModel, sumAlong, tokenSequences } from "../testing/small-models.ts";
import { studentLookahead } from "./student-lookahead.ts";

const SPELLINGS = ["a", "b", "ab"];
const END = SPELLINGS.length;
const MAXIMUM = 4;
const PROMPT = [1, 0];

describe("looking ahead by a student", () => {
  const model = randomModel(SPELLINGS, { seed: 5, zeros: true });
  const other = randomModel(SPELLINGS, { seed: 6 });
  const sequences = tokenSequences(END, MAXIMUM);
  const constraint = constrain(containing({ must: ["ba"] }), model.vocabulary, { maximumTokens: MAXIMUM });
  const soft = productOf([
    constraint as Potential,
    expert(other, model.vocabulary, { weight: 0.5, prompt: [] }) as Potential,
  ]);

  test("changes no response's weight, however wrong the student and its log Z are", async () => {
    const student = randomModel(SPELLINGS, { seed: 7, zeros: true });
    for (const potential of [constraint as Potential, soft]) {
      for (const logPartition of [0, -3, 2]) {
        const ahead = studentLookahead(potential, { model, student, prompt: PROMPT, studentPrompt: [0], logPartition });
        for (const tokens of sequences) {
          // no weight is asked for where the model says nothing
          if ((await modelScore(model, PROMPT, tokens)) === -Infinity) continue;
          const phi = await sumAlong(potential, tokens, END);
          const sum = await sumAlong(ahead, tokens, END);
          if (phi === -Infinity) expect(sum).toBe(-Infinity);
          else expect(sum).toBeCloseTo(phi, 9);
        }
      }
    }
  });

  test("of the wished distribution itself all weights are 1, and the proposal is the student", async () => {
    const scores = await Promise.all(
      sequences.map(async (tokens) => {
        const phi = await sumAlong(soft, tokens, END);
        return phi + (await modelScore(model, PROMPT, tokens));
      }),
    );
    const logZ = logSum(scores);
    const student = tiltedModel(
      model,
      (tokens) => scores[sequences.findIndex((each) => each.join() === tokens.join())],
    );
    const ahead = studentLookahead(soft, { model, student, prompt: PROMPT, studentPrompt: [], logPartition: logZ });
    for (const [i, tokens] of sequences.entries()) {
      if (scores[i] === -Infinity) continue;
      const { logProposal, logWeights } = await proposalAlong(model, PROMPT, ahead, tokens);
      for (const logWeight of logWeights) expect(Math.abs(logWeight)).toBeLessThan(1e-9);
      expect(logProposal).toBeCloseTo((scores[i] as number) - logZ, 9);
    }
  });

  test("students with other tokens, and a log Z that is none, are refused", () => {
    const student = randomModel(["a", "b"], { seed: 1 });
    expect(() => studentLookahead(constraint, { model, student })).toThrow(/random model 1 has other tokens/);
    expect(() => studentLookahead(constraint, { model, student: model, logPartition: -Infinity })).toThrow(
      /"logPartition" must be a finite number/,
    );
  });

  /** The model whose responses have probabilities `∝ e^score`; its rows are worked out by enumeration. */
  const tiltedModel = (like: LanguageModel, scoreOf: (tokens: readonly number[]) => number | undefined) => {
    const mass = (prefix: readonly number[]) =>
      logSum(
        sequences
          .filter((tokens) => prefix.every((token, place) => tokens[place] === token) && tokens.length >= prefix.length)
          .map((tokens) => scoreOf(tokens) as number),
      );
    const next: LanguageModel["next"] = async (contexts) =>
      contexts.map((context) => {
        const all = mass(context);
        const entries = SPELLINGS.map((_, token) => mass([...context, token]) - all);
        return { logProbabilities: Float64Array.from([...entries, (scoreOf(context) as number) - all]), missing: 0 };
      });
    return { ...like, name: "tilted", next };
  };
});

test("a distilled student beats masking, and log Z stays right", async () => {
  const space = tree({ tokens: ["a", "n", "y"], horizon: 7, eos: true });
  const reference = table(space, "reward", (prefix, action) => (action === prefix.at(-1) ? -1 : action / 4));
  const target = toLogits(condition(reference, keywords({ tokens: space.tokens, must: ["anna"] })));
  const exact = target.logPartition - toLogits(reference).logPartition;
  const student = await distilled(target);
  const model = tableModel(reference);
  const masked = constrain(containing({ must: ["anna"] }), model.vocabulary, { maximumTokens: 6 });
  const effective = async (potential: Potential, options: SteerOptions = {}) => {
    const run = steer(
      model,
      "",
      { potential, maximumTokens: 6 },
      { sampler: "importance", particles: 512, ...options },
    );
    let step = await run.next();
    while (!step.done) step = await run.next();
    const { interval } = step.value.logPartition;
    expect(interval[0]).toBeLessThanOrEqual(exact);
    expect(interval[1]).toBeGreaterThanOrEqual(exact);
    return step.value.effectiveSampleSize / 512;
  };
  const ahead = studentLookahead(masked, { model, student: tableModel(student), logPartition: exact });
  expect(await effective(masked as Potential)).toBeLessThan(0.2);
  expect(await effective(ahead)).toBeGreaterThan(0.8);
});

const distilled = async (target: Arm): Promise<Arm> => {
  const run = distill({ target, student: ngramStudent({ order: 4 }), objective: "forward-kl", steps: 400, seed: 7 });
  let step = await run.next();
  while (!step.done) step = await run.next();
  return armOf(await step.value.student.table());
};
