import { describe, expect, test } from "vitest";
import { allOf, type Constraint, characterLength, containing, matches } from "../constraints/index.ts";
import type { LanguageModel } from "../models/index.ts";
import { type ConstraintPotential, constrain, type Potential } from "../potentials/index.ts";
import { logSum, modelScore, proposalAlong, randomModel, sumAlong, tokenSequences } from "../testing/small-models.ts";
import { backOffOf } from "./back-off.ts";
import { type FitOptions, fitSurrogate } from "./fit-surrogate.ts";
import { checkSurrogate, type Surrogate } from "./surrogate.ts";
import { formatSurrogate, parseSurrogate } from "./surrogate-json.ts";
import { surrogateLookahead } from "./surrogate-lookahead.ts";
import { surrogateValues } from "./surrogate-values.ts";

const SPELLINGS = ["a", "b", "ab", "é", [0xc3], [0xa9, 0x62]];
const END = SPELLINGS.length;
/** The action that stands for any end. */
const ENDING = END + 1;
const ACTIONS = END + 1;
const MAXIMUM = 4;

const fitted = async (model: LanguageModel, options: Partial<FitOptions> = {}): Promise<Surrogate> => {
  const fitting = fitSurrogate(model, {
    prompts: [[2, 0]],
    samples: 60,
    order: 3,
    maximumTokens: MAXIMUM,
    seed: 4,
    ...options,
  });
  let step = await fitting.next();
  while (!step.done) step = await fitting.next();
  return step.value;
};

/** The surrogate's probability of an action, by its definition: from the longest context that it has. */
const probabilityOf = (surrogate: Surrogate, actions: number, context: readonly number[], action: number): number => {
  for (let from = Math.max(0, context.length - surrogate.order + 1); from <= context.length; from++) {
    const tokens = context.slice(from);
    const found = surrogate.contexts.find((entry) => entry.tokens.join() === tokens.join());
    if (!found) continue;
    const total = found.visits + surrogate.smoothing;
    const own = (found.masses[found.actions.indexOf(action)] ?? 0) / total;
    const rest = 1 - found.masses.reduce((sum, mass) => sum + mass, 0) / total;
    const shorter = tokens.length === 0 ? 1 / actions : probabilityOf(surrogate, actions, tokens.slice(1), action);
    return own + rest * shorter;
  }
  return 1 / actions;
};

const CONSTRAINTS: readonly Constraint[] = [
  matches("(ab)*é?b"),
  containing({ must: ["bé"], mustNot: ["aa"] }),
  allOf([characterLength({ minimum: 2 }), containing({ endsWith: "b" })]),
];

describe("a surrogate", () => {
  const model = randomModel(SPELLINGS, { seed: 8, memory: 2 });
  const sequences = tokenSequences(END, MAXIMUM);

  test("is a distribution after every context, and gives every action a chance", async () => {
    const surrogate = await fitted(model);
    const backOff = backOffOf(surrogate, model.vocabulary);
    for (const context of tokenSequences(END, 3)) {
      const row = [...SPELLINGS.keys(), ENDING].map((action) => probabilityOf(surrogate, ACTIONS, context, action));
      expect(row.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
      expect(Math.min(...row)).toBeGreaterThan(0);
      expect(backOff.ends[backOff.contextOf(context)]).toBeCloseTo(row[END] as number, 12);
    }
  });

  test("the context after a token is the longest one known", async () => {
    const backOff = backOffOf(await fitted(model, { order: 4, minimumVisits: 3 }), model.vocabulary);
    for (const context of tokenSequences(END, 4)) {
      for (let token = 0; token < END; token++) {
        expect(backOff.next(backOff.contextOf(context))[token]).toBe(backOff.contextOf([...context, token]));
      }
    }
  });

  test.each(CONSTRAINTS)(
    "$name: values are the probabilities of enumeration, for every number of tokens left",
    async (constraint) => {
      const surrogate = await fitted(model, { minimumVisits: 3 });
      const backOff = backOffOf(surrogate, model.vocabulary);
      const { automaton } = constrain(constraint, model.vocabulary);
      const values = surrogateValues(automaton, backOff, MAXIMUM);
      for (const prompt of [[], [0], [3, 1], [2, 0]]) {
        for (let left = 0; left <= MAXIMUM; left++) {
          const scores: number[] = [];
          for (const tokens of sequences) {
            if (tokens.length > left) continue;
            let node = 0;
            for (const token of tokens) node = node < 0 ? node : automaton.step(node, token);
            if (node < 0 || !automaton.accepting[node]) continue;
            const actions = [...tokens, ENDING];
            scores.push(
              actions.reduce(
                (sum, action, place) =>
                  sum + Math.log(probabilityOf(surrogate, ACTIONS, [...prompt, ...tokens.slice(0, place)], action)),
                0,
              ),
            );
          }
          const value = values.value(0, backOff.contextOf(prompt), left);
          if (scores.length > 0) expect(value).toBeCloseTo(logSum(scores), 10);
          else expect(value).toBe(-Infinity);
        }
      }
    },
  );

  test.each(CONSTRAINTS)("$name: looking ahead changes no response's weight", async (constraint) => {
    const potential = constrain(constraint, model.vocabulary, { maximumTokens: MAXIMUM });
    const ahead = surrogateLookahead(potential, await fitted(model), [2, 0]);
    for (const tokens of sequences) {
      const phi = await sumAlong(potential, tokens, END);
      const sum = await sumAlong(ahead, tokens, END);
      if (phi === -Infinity) expect(sum).toBe(-Infinity);
      else expect(sum).toBeCloseTo(0, 10);
    }
  });

  /** Share of effective samples of importance sampling, `(E w)²/E w²`, and `E w`, by enumeration. */
  const effectiveShare = async (potential: Potential, constraint: ConstraintPotential) => {
    const squares: number[] = [];
    const scores: number[] = [];
    for (const tokens of sequences) {
      if ((await sumAlong(constraint, tokens, END)) === -Infinity) continue;
      const score = await modelScore(model, [2, 0], tokens);
      const { logProposal } = await proposalAlong(model, [2, 0], potential, tokens);
      scores.push(score);
      squares.push(2 * score - logProposal);
    }
    return Math.exp(2 * logSum(scores) - logSum(squares));
  };

  test.each(CONSTRAINTS)(
    "$name: effective samples, by enumeration, are more than those of masking",
    async (constraint) => {
      const potential = constrain(constraint, model.vocabulary, { maximumTokens: MAXIMUM });
      const masking = await effectiveShare(potential as Potential, potential);
      const surrogate = await fitted(model, { samples: 400 });
      const ahead = await effectiveShare(surrogateLookahead(potential, surrogate, [2, 0]) as Potential, potential);
      expect(ahead).toBeGreaterThan(masking);
      expect(ahead).toBeGreaterThan(0.8);
    },
  );

  test("values settle where there is no bound, and do not underflow on long texts", async () => {
    const surrogate = await fitted(model);
    const { automaton } = constrain(matches("(ab){150}b*"), model.vocabulary);
    const values = surrogateValues(automaton, backOffOf(surrogate, model.vocabulary), Infinity);
    const value = values.value(0, 0, Infinity);
    expect(value).toBeLessThan(-100);
    expect(value).toBeGreaterThan(-2000);
  });

  test("wishes steer half of the samples, and what is recorded is the model's own", async () => {
    const rare = constrain(matches("ééé[^]*"), model.vocabulary, { maximumTokens: MAXIMUM });
    const [plain, guided] = [await fitted(model, { order: 4 }), await fitted(model, { order: 4, wishes: [rare] })];
    const visits = ({ contexts }: Surrogate) => contexts.find(({ tokens }) => tokens.join() === "3,3")?.visits ?? 0;
    expect(visits(guided)).toBeGreaterThan(visits(plain) + 20);
  });

  test("the same seed gives the same surrogate, and its file brings it back bit for bit", async () => {
    const surrogate = await fitted(model);
    expect(formatSurrogate(await fitted(model))).toBe(formatSurrogate(surrogate));
    expect(parseSurrogate(formatSurrogate(surrogate))).toEqual(surrogate);
  });

  test("a surrogate of another model is refused", async () => {
    const surrogate = await fitted(model);
    await checkSurrogate(surrogate, model);
    const sameTokens = randomModel(SPELLINGS, { seed: 9, memory: 2 });
    await expect(checkSurrogate(surrogate, sameTokens)).rejects.toThrow(/fitted to another model \(random model 8\)/);
    const otherTokens = randomModel(["a", "b"], { seed: 8 });
    await expect(checkSurrogate(surrogate, otherTokens)).rejects.toThrow(/other tokens/);
    expect(() => surrogateLookahead(constrain(matches("a"), otherTokens.vocabulary), surrogate, [])).toThrow(
      /other tokens/,
    );
  });

  test("files that are no surrogates are refused in one sentence", async () => {
    const good = JSON.parse(formatSurrogate(await fitted(model))) as Record<string, unknown>;
    const [first, second] = good.contexts as Record<string, unknown>[];
    const bad: readonly [unknown, RegExp][] = [
      ["{", /s\.json: is not JSON/],
      ["[]", /s\.json: must hold one JSON object/],
      [{ ...good, format: "x" }, /"format" must be "arbel-surrogate", got "x"/],
      [{ ...good, version: 2 }, /"version" must be 1, got 2/],
      [{ ...good, order: 0 }, /"order" must be a whole number ≥ 1/],
      [{ ...good, smoothing: 0 }, /"smoothing" must be a number > 0/],
      [{ ...good, contexts: [] }, /"contexts" must be a list/],
      [{ ...good, contexts: [second, first] }, /context 0 must stand after shorter ones/],
      [{ ...good, contexts: [first, first] }, /context 1 stands twice/],
      [{ ...good, contexts: [{ ...first, masses: [] }] }, /"actions" and "masses" of context 0/],
      [{ ...good, contexts: [{ ...first, visits: 1 }] }, /"masses" of context 0 sum to .*, more than its visits/],
      [{ ...good, model: { name: "x" } }, /"model\.probe" must be an object/],
    ];
    for (const [value, message] of bad) {
      const text = typeof value === "string" ? value : JSON.stringify(value);
      expect(() => parseSurrogate(text, "s.json")).toThrow(message);
    }
  });

  test("bad knobs are refused", async () => {
    await expect(fitted(model, { samples: 0 })).rejects.toThrow(/"samples" must be a whole number ≥ 1/);
    await expect(fitted(model, { smoothing: 0 })).rejects.toThrow(/"smoothing" must be a finite number > 0/);
    await expect(fitted(model, { prompts: [] })).rejects.toThrow(/at least one prompt/);
    await expect(fitted(model, { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
  });
});
