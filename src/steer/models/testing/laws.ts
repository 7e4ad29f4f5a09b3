import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LanguageModel, NextTokens } from "../language-model.ts";

/** A model that the laws are run on. */
export interface LawfulModel {
  readonly name: string;
  /** A model that was not asked anything yet. */
  open(): Promise<LanguageModel>;
  /** Prompts that it knows the characters of. */
  readonly prompts: readonly string[];
  /** Texts that come back from their tokens. Default: the prompts. */
  readonly texts?: readonly string[];
  /** Whether rows lack tokens. */
  readonly isTruncated?: boolean;
  /** Rounding of log-probabilities of likely tokens. Default: 1e-5, of float32. */
  readonly tolerance?: number;
}

/** What every adapter obeys. */
export const obeysLaws = (lawful: LawfulModel): void => {
  describe(`${lawful.name} obeys the laws`, () => {
    let model: LanguageModel;
    let contexts: number[][];
    beforeAll(async () => {
      model = await lawful.open();
      contexts = await contextsOf(model, lawful.prompts);
    });
    afterAll(() => model.dispose());

    const { tolerance = 1e-5, isTruncated = false } = lawful;
    const fresh = async <T>(work: (other: LanguageModel) => Promise<T>): Promise<T> => {
      const other = await lawful.open();
      try {
        return await work(other);
      } finally {
        await other.dispose();
      }
    };

    test("rows are distributions, or say what is missing", async () => {
      for (const { logProbabilities, missing } of await model.next(contexts)) {
        expect(logProbabilities.length).toBe(model.vocabulary.size);
        const mass = logProbabilities.reduce((sum, value) => sum + Math.exp(value), 0);
        expect(Math.abs(mass + missing - 1)).toBeLessThan(1e-5);
        expect(Math.max(...logProbabilities)).toBeLessThanOrEqual(1e-6);
        if (isTruncated) expect(missing).toBeGreaterThan(0);
        else expect(missing).toBe(0);
      }
    });

    test("a batch gives what one by one gives", async () => {
      const together = await fresh((other) => other.next(contexts));
      const alone = await fresh(async (other) => {
        const rows: NextTokens[] = [];
        for (const context of contexts) rows.push(...(await other.next([context])));
        return rows;
      });
      for (const [index, row] of together.entries()) expectSame(row, alone[index], tolerance);
    });

    test("what was asked before changes nothing", async () => {
      const longest = contexts.reduce((a, b) => (b.length > a.length ? b : a));
      const [direct] = await fresh((other) => other.next([longest]));
      const [grown] = await fresh(async (other) => {
        await other.next(contexts.slice(0, 3));
        for (let length = 1; length < longest.length; length++) await other.next([longest.slice(0, length)]);
        return other.next([longest]);
      });
      expectSame(grown, direct, tolerance);
    });

    test("order and repetition change nothing", async () => {
      const rows = await fresh((other) => other.next(contexts));
      const reversed = await fresh((other) => other.next([...contexts, ...contexts].reverse()));
      for (const [index, row] of rows.entries()) {
        expectSame(reversed[contexts.length - 1 - index], row, tolerance);
        expect(reversed[2 * contexts.length - 1 - index]).toBe(reversed[contexts.length - 1 - index]);
      }
    });

    test("texts come back from their tokens, whose bytes they are", async () => {
      const { vocabulary } = model;
      for (const text of lawful.texts ?? lawful.prompts) {
        const tokens = await vocabulary.encode(text);
        expect(vocabulary.decode(tokens)).toBe(text);
        const bytes = tokens.flatMap((token) => [...(vocabulary.bytes[token] ?? [])]);
        expect(new TextDecoder().decode(Uint8Array.from(bytes)).endsWith(text)).toBe(true);
        // a text that breaks off within a character is one that differs from its last characters on
        for (let length = 0; length <= tokens.length; length++) {
          const part = vocabulary.decode(tokens.slice(0, length)).replace(/\uFFFD+$/, "");
          expect(text.startsWith(part)).toBe(true);
        }
      }
      expect(() => vocabulary.decode([vocabulary.size])).toThrow(RangeError);
    });

    test("ends are known, and the vocabulary is of the rows' size", () => {
      const { size, bytes, ends } = model.vocabulary;
      expect(bytes.length).toBe(size);
      expect(ends.length).toBeGreaterThan(0);
      expect([...new Set(ends)].sort((a, b) => a - b)).toEqual([...ends]);
      for (const end of ends) expect(Number.isInteger(end) && end >= 0 && end < size).toBe(true);
    });

    test("an aborted question rejects with the signal's reason, and the next is answered", async () => {
      await fresh(async (other) => {
        const reason = new Error("enough");
        await expect(other.next(contexts, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
        expect(other.usage().calls).toBe(0);
        const controller = new AbortController();
        const asked = other.next(contexts, { signal: controller.signal });
        controller.abort(reason);
        // it may have been answered already
        await asked.catch((error: unknown) => expect(error).toBe(reason));
        expect((await other.next(contexts)).length).toBe(contexts.length);
      });
    });

    test("usage counts what was computed, each context once", async () => {
      await fresh(async (other) => {
        expect(other.usage()).toEqual({ calls: 0, tokens: 0, cut: 0 });
        await other.next([...contexts, ...contexts]);
        const { calls, tokens } = other.usage();
        expect(calls).toBe(contexts.length);
        expect(tokens).toBeGreaterThan(0);
        await other.next(contexts);
        expect(other.usage()).toEqual({ calls, tokens, cut: 0 });
      });
    });

    test("questions may overlap", async () => {
      const rows = await fresh((other) => Promise.all(contexts.map((context) => other.next([context]))));
      const [together, alone] = [await model.next(contexts), rows.map(([row]) => row)];
      for (const [index, row] of alone.entries()) expectSame(row, together[index], tolerance);
    });

    test("what is asked for while it is computed is not computed again", async () => {
      await fresh(async (other) => {
        const [first, second] = await Promise.all([other.next(contexts), other.next([...contexts].reverse())]);
        expect(other.usage().calls).toBe(contexts.length);
        for (const [index, row] of (first as NextTokens[]).entries()) {
          expect((second as NextTokens[])[contexts.length - 1 - index]).toBe(row);
        }
        // one who gives up does not take the others' rows away
        const longer = contexts.map((context) => [...context, context.at(-1) as number]);
        const controller = new AbortController();
        const asked = longer.map((context) => [context]);
        const given = asked.map((each) => other.next(each, { signal: controller.signal }).catch(() => "given up"));
        const kept = other.next(longer).catch(() => "refused");
        controller.abort(new Error("enough"));
        await Promise.all(given);
        // of spaces, some contexts are no beginnings of responses
        expect(await kept).toEqual(await other.next(longer).catch(() => "refused"));
      });
    });

    test("an array that changes after it was asked for changes nothing", async () => {
      const longest = contexts.reduce((a, b) => (b.length > a.length ? b : a));
      const [expected] = await model.next([longest]);
      const [told] = await fresh(async (other) => {
        const growing: number[] = longest.slice(0, 1);
        for (const token of longest.slice(1)) {
          const asked = other.next([growing]);
          growing.push(token);
          await asked;
        }
        return other.next([longest]);
      });
      expectSame(told, expected, tolerance);
    });

    test("numbers that are no tokens are refused", async () => {
      const { size } = model.vocabulary;
      for (const token of [-1, size, 0.5, Number.NaN]) {
        await expect(model.next([[...(contexts[0] as number[]), token]])).rejects.toThrow(/is no token/);
      }
    });

    test("disposing ends everything, after what is under way, and may be repeated", async () => {
      const other = await lawful.open();
      const asked = other.next(contexts).then(
        (rows) => rows.length,
        (error: unknown) => String(error),
      );
      await other.dispose();
      await other.dispose();
      const result = await asked;
      if (typeof result === "string") expect(result).toMatch(/was disposed/);
      else expect(result).toBe(contexts.length);
      await expect(other.next(contexts)).rejects.toThrow(/was disposed/);
    });
  });
};

/** Prompts, and what their likeliest tokens lead to: lengths differ, and beginnings are shared. */
const contextsOf = async (model: LanguageModel, prompts: readonly string[]): Promise<number[][]> => {
  const all: number[][] = [];
  for (const prompt of prompts) {
    let level = [await model.vocabulary.encode(prompt)];
    for (let depth = 0; depth < 3; depth++) {
      all.push(...level);
      const rows = await model.next(level);
      level = level.flatMap((context, index) =>
        likeliest(model, rows[index] as NextTokens, depth === 0 ? 2 : 1).map((token) => [...context, token]),
      );
    }
  }
  return [...new Map(all.map((context) => [context.join(), context])).values()];
};

const likeliest = ({ vocabulary }: LanguageModel, { logProbabilities }: NextTokens, count: number): number[] =>
  Array.from(logProbabilities.keys())
    .filter(
      (token) => vocabulary.bytes[token] && !vocabulary.ends.includes(token) && logProbabilities[token] !== -Infinity,
    )
    .sort((a, b) => (logProbabilities[b] as number) - (logProbabilities[a] as number))
    .slice(0, count);

/** Rows agree in every token. */
const expectSame = (a: NextTokens | undefined, b: NextTokens | undefined, tolerance: number): void => {
  const [left, right] = [a?.logProbabilities as Float64Array, b?.logProbabilities as Float64Array];
  expect(left.length).toBe(right.length);
  let largest = 0;
  for (const [token, value] of left.entries()) {
    const other = right[token] as number;
    if (value !== other) largest = Math.max(largest, Math.abs(value - other));
  }
  expect(largest).toBeLessThanOrEqual(tolerance);
  expect(a?.missing).toBeCloseTo(b?.missing ?? Number.NaN, 6);
};
