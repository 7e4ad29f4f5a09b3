import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { step } from "./automaton.ts";
import { BEGIN, type NgramContexts, ngramContexts } from "./ngram-contexts.ts";
import { sequences } from "./testing/languages.ts";

const tokens = ["a", "b", "c"];

/** The context that an automaton is in after a text. */
const contextAfter = ({ automaton, contexts }: NgramContexts, text: readonly number[]) =>
  contexts[text.reduce((state, token) => step(automaton, state, token), automaton.start)];

/** The longest end of a history among the known contexts. */
const longestEnd = (history: readonly number[], known: readonly (readonly number[])[]) => {
  const names = new Set(known.map((context) => context.join()));
  for (let from = 0; from <= history.length; from++) {
    if (names.has(history.slice(from).join())) return history.slice(from);
  }
  throw new Error("the empty context is always known");
};

describe("n-gram contexts", () => {
  test.each([1, 2, 3, 4])("of order %i are the last tokens read", (order) => {
    const ngram = ngramContexts({ tokens, order });
    expect(ngram.automaton.states).toBe((3 ** order - 1) / 2);
    expect(ngram.contexts[ngram.automaton.start]).toEqual([]);
    for (const text of sequences(3, 5)) {
      expect(contextAfter(ngram, text)).toEqual(order === 1 ? [] : text.slice(1 - order));
    }
  });

  test.each([2, 3, 4])("of order %i can know where the text begins", (order) => {
    const ngram = ngramContexts({ tokens, order, begin: true });
    expect(ngram.contexts[ngram.automaton.start]).toEqual([BEGIN]);
    for (const text of sequences(3, 5)) expect(contextAfter(ngram, text)).toEqual([BEGIN, ...text].slice(1 - order));
  });

  test("fall back to the longest known end", () => {
    const context = fc.array(fc.nat(2), { maxLength: 3 });
    const options = fc.record({ given: fc.array(context, { maxLength: 6 }), begin: fc.boolean() });
    fc.assert(
      fc.property(options, fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }), ({ given, begin }, marks) => {
        const contexts = given.map((list, index) => (begin && marks[index] ? [BEGIN, ...list.slice(0, 2)] : list));
        const ngram = ngramContexts({ tokens, order: 4, contexts, begin });
        const known = contexts.flatMap((list) => list.map((_, end) => list.slice(0, end + 1)));
        known.push([], ...(begin ? [[BEGIN]] : []));
        for (const text of sequences(3, 5)) {
          expect(contextAfter(ngram, text)).toEqual(longestEnd(begin ? [BEGIN, ...text] : text, known));
        }
        expect(ngram.automaton.labels).toHaveLength(3 * ngram.automaton.states);
        expect([...ngram.automaton.accepting].every((yes) => yes === 1)).toBe(true);
        expect(new Set(ngram.contexts.map((found) => found.join())).size).toBe(ngram.automaton.states);
      }),
      { seed: 11 },
    );
  });

  test("of order 1 are one state, also with a beginning", () => {
    expect(ngramContexts({ tokens, order: 1, begin: true }).contexts).toEqual([[]]);
  });

  test.each([
    [{ order: 0 }, `"order" must be a whole number ≥ 1, got 0`],
    [{ order: 2, contexts: [[0], [0, 1]] }, "context 1 has 2 tokens, but order 2 allows up to 1"],
    [{ order: 3, contexts: [[0, 3]] }, "context 0 holds 3 at place 1, which is not a token from 0 to 2"],
    [{ order: 3, contexts: [[BEGIN, 0]] }, "context 0 holds -1 at place 0, which is not a token from 0 to 2"],
    [{ order: 3, begin: true, contexts: [[0, BEGIN]] }, "context 0 holds -1 at place 1"],
    [{ order: 40 }, "lower the order, or list the contexts that occur"],
  ])("refuse %j", (options, message) => {
    expect(() => ngramContexts({ tokens, ...options })).toThrow(message);
  });
});
