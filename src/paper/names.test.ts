import { describe, expect, test } from "vitest";
import { condition, logProbability, sample, toLogits } from "../bellman/index.ts";
import { fitNgram } from "../learn/index.ts";
import { accepts, type LayeredAutomaton, regex, responses, type Table } from "../space/index.ts";
import { encode, firstNames, LETTERS, LONGEST_NAME, orderSearch } from "./first-names.ts";
import { conditionNames, NAME_PATTERNS, type NamePattern } from "./name-patterns.ts";
import { spell } from "./name-spelling.ts";
import { studyNames } from "./names-study.ts";

const names = firstNames();
const model = fitNgram({
  tokens: LETTERS,
  texts: names.map(encode),
  order: 3,
  minimumCount: 20,
  horizon: 9,
}) as Table & { readonly space: LayeredAutomaton };
const patternOf = (id: string) => NAME_PATTERNS.find((pattern) => pattern.id === id) as NamePattern;

test("names are distinct, in lower case, and none is longer than the model spells", () => {
  expect(names.length).toBe(8403);
  expect(new Set(names).size).toBe(names.length);
  expect(names.every((name) => /^[a-z]+$/.test(name))).toBe(true);
  expect(Math.max(...names.map((name) => name.length))).toBe(LONGEST_NAME);
});

test("held-out bits are finite and fall from order 1 to 3", () => {
  const [first, second, third] = orderSearch(names.slice(0, 2000), { seed: 1, orders: [1, 2, 3] });
  expect(second?.bits).toBeLessThan(first?.bits as number);
  expect(third?.fittedBits).toBeLessThan(second?.fittedBits as number);
});

test("another gauge is the same distribution with another log-partition", () => {
  const study = studyNames(model, { seed: 1 });
  expect(study.roundTrip).toBeLessThan(1e-13);
  expect(study.rewardIsPolicy).toBeLessThan(1e-13);
  expect(study.shifted.kl).toBeLessThan(1e-13);
  expect(study.shifted.rewardChange).toBeGreaterThan(1);
  expect(study.shifted.logPartition).toBeCloseTo(study.shifted.constant, 12);
});

describe.each(NAME_PATTERNS)("names that: $id", (pattern) => {
  const result = conditionNames(model, pattern, { seed: 2 });
  const machine = regex(pattern.pattern, LETTERS);

  test("the event's probability is what counting finds", () => {
    const { estimate, standardError } = result.frequency;
    expect(Math.abs(Math.exp(result.logProbability) - estimate)).toBeLessThan(4 * standardError);
  });

  test("everything shown fits the pattern", () => {
    const shown = [
      ...result.samples,
      ...result.best.exact.map(({ name }) => name),
      ...result.best.masked.map(({ name }) => name),
      ...result.attempts.filter(({ finished }) => finished).map(({ text }) => text),
    ];
    expect(shown.length).toBeGreaterThanOrEqual(30);
    for (const name of shown) expect(accepts(machine, encode(name))).toBe(true);
  });

  test("divergences are positive, and Pinsker bounds the total variation", () => {
    const { kl, totalVariation, lengths } = result;
    expect(Math.min(kl.exactFromMasked, kl.maskedFromExact)).toBeGreaterThan(0);
    expect(totalVariation.estimate).toBeLessThan(
      Math.sqrt(Math.min(kl.exactFromMasked, kl.maskedFromExact) / 2) + 4 * totalVariation.standardError,
    );
    for (const of of ["exact", "masked"] as const) {
      expect(lengths.reduce((sum, row) => sum + row[of], 0)).toBeCloseTo(1, 12);
    }
  });
});

test("total variation agrees with enumeration on a small model", () => {
  const texts = ["aab", "ab", "abb", "ba", "b"].map(encode);
  const small = fitNgram({ tokens: LETTERS, order: 2, texts, horizon: 4 });
  const pattern: NamePattern = { id: "small", label: "ends in b", pattern: "[ab]*b" };
  const result = conditionNames(small, pattern, { seed: 3 });
  const machine = regex(pattern.pattern, LETTERS);
  const exact = toLogits(condition(small, machine));
  // the masked decoder by its definition: letters that cannot lead to a match are dropped, and the rest renormalised
  const masked = (response: number[]): number => {
    let [probability, prefix] = [1, [] as number[]];
    for (const action of [...response, LETTERS.length]) {
      const allowed = [0, 1, ...(prefix.at(-1) === 1 ? [LETTERS.length] : [])].filter(
        (a) => prefix.length < 3 || a > 1,
      );
      const weight = (a: number) => Math.exp(logOfAction(prefix, a));
      probability *= weight(action) / allowed.reduce((sum, a) => sum + weight(a), 0);
      prefix = [...prefix, action];
    }
    return probability;
  };
  const logOfAction = (prefix: readonly number[], action: number): number => {
    let state = small.space.start;
    prefix.forEach((token, depth) => {
      const layer = small.space.layer(depth);
      state = layer.target(layer.arcOf(state, token), state);
    });
    const arc = small.space.layer(prefix.length).arcOf(state, action);
    return (small.levels[prefix.length] as Float64Array)[arc] as number;
  };
  const fits = [...responses(exact.logits.space)];
  const weights = fits.map(masked);
  const finishes = weights.reduce((a, b) => a + b, 0);
  expect(result.finishes).toBeCloseTo(finishes, 12);
  const variation = fits.reduce(
    (sum, response, i) =>
      sum + Math.abs(Math.exp(logProbability(exact, response)) - (weights[i] as number) / finishes) / 2,
    0,
  );
  expect(Math.abs(result.totalVariation.estimate - variation)).toBeLessThan(
    4 * result.totalVariation.standardError + 1e-9,
  );
});

test("spelling obeys Doob's transform at every letter", () => {
  const { pattern } = patternOf("ends-in-ette");
  const exact = toLogits(condition(model, regex(pattern, LETTERS)));
  const spelled = spell(model, pattern, "bette");
  expect(spelled).toHaveLength(6);
  for (const { before, lookahead, after, masked } of spelled) {
    const terms = before.map((p, action) => p * Math.exp(lookahead[action] as number));
    const total = terms.reduce((a, b) => a + b, 0);
    terms.forEach((term, action) => {
      expect(after[action]).toBeCloseTo(term / total, 12);
    });
    expect(masked.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
  }
  expect(
    spelled[0]?.before.reduce((sum, p, action) => sum + p * Math.exp(spelled[0]?.lookahead[action] as number), 0),
  ).toBeCloseTo(Math.exp(exact.logPartition), 12);
  expect(() => spell(model, pattern, "anna")).toThrow(/"name" must fit the pattern/);
});

test("samples repeat with their seed", () => {
  const [first, again] = [sample(model, 5, { seed: 9 }), sample(model, 5, { seed: 9 })];
  expect(first.tokens).toEqual(again.tokens);
});
