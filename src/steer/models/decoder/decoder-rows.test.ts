import fc from "fast-check";
import { expect, test } from "vitest";
import { decoderRows } from "./decoder-rows.ts";
import type { DecoderSession } from "./decoder-session.ts";
import { gather } from "./gather.ts";
import { prefixCache } from "./prefix-cache.ts";

/**
 * A decoder whose keys are its tokens, and whose logits are a number made of all tokens so far: wrong keys or values show. It counts the
 * tokens that it reads.
 */
const countingSession = () => {
  const counts = { runs: 0, tokens: 0 };
  const shapes = [
    { heads: 2, width: 3 },
    { heads: 1, width: 1 },
  ];
  const session: DecoderSession = {
    vocabulary: 2,
    parts: shapes,
    run: (tokens, past) => {
      counts.runs++;
      counts.tokens += tokens.flat().length;
      const [rows, fresh] = [tokens.length, tokens[0]?.length ?? 0];
      expect(tokens.every((row) => row.length === fresh && fresh > 0)).toBe(true);
      expect(past.rows).toBe(rows);
      const length = past.length + fresh;
      const parts = shapes.map(({ heads, width }, part) => {
        const out = new Float32Array(rows * heads * length * width);
        for (let index = 0; index < out.length; index++) {
          const [place, head, row] = [
            Math.floor(index / width) % length,
            Math.floor(index / width / length) % heads,
            Math.floor(index / width / length / heads),
          ];
          const old = past.parts[part] as Float32Array;
          const isOld = place < past.length;
          out[index] = isOld
            ? (old[((row * heads + head) * past.length + place) * width + (index % width)] as number)
            : (tokens[row]?.[place - past.length] as number);
        }
        return out;
      });
      const logits = new Float32Array(rows * fresh * 2);
      for (let row = 0; row < rows; row++) {
        for (let place = 0; place < fresh; place++) {
          const seen = Array.from(
            { length: past.length + place + 1 },
            (_, at) => parts[1]?.[row * length + at] as number,
          );
          logits[(row * fresh + place) * 2] = made(seen);
        }
      }
      return Promise.resolve({ logits, present: { rows, length, parts } });
    },
    dispose: () => Promise.resolve(),
  };
  return { session, counts };
};

const made = (tokens: readonly number[]): number => tokens.reduce((hash, token) => (hash * 7 + token + 1) % 10_007, 0);

const contexts = fc.array(fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 7 }), {
  minLength: 1,
  maxLength: 12,
});

test.each([0, 2000, 2 ** 20])(
  "gives every context its own logits, whatever was asked before: cache of %d bytes",
  async (cacheBytes) => {
    await fc.assert(
      fc.asyncProperty(fc.array(contexts, { minLength: 1, maxLength: 5 }), async (calls) => {
        const { session } = countingSession();
        const rows = decoderRows(session, { cacheBytes });
        for (const call of calls) {
          const { logits } = await rows.evaluate(call, undefined);
          expect(logits.map(([first]) => first)).toEqual(call.map(made));
        }
      }),
      { seed: 1, numRuns: 200 },
    );
  },
);

test("reads the shared beginning once, and one token of each particle a step", async () => {
  const { session, counts } = countingSession();
  const rows = decoderRows(session);
  const prompt = [0, 1, 2, 0, 1, 2];
  let particles = Array.from({ length: 10 }, (_, index) => [...prompt, index]);
  expect((await rows.evaluate(particles, undefined)).tokens).toBe(6 + 10);
  for (let step = 0; step < 5; step++) {
    // as after resampling: two particles go on from each of half of them
    particles = particles.map((_, index) => [...(particles[2 * Math.floor(index / 2)] as number[]), 20 + index]);
    counts.runs = 0;
    expect((await rows.evaluate(particles, undefined)).tokens).toBe(10);
    expect(counts.runs).toBe(1);
  }
});

test("a signal stops between runs", async () => {
  const { session } = countingSession();
  const rows = decoderRows(session);
  await expect(rows.evaluate([[1]], AbortSignal.abort(new Error("enough")))).rejects.toThrow("enough");
});

test("the cache forgets what was not used for the longest, and stays within its bytes", () => {
  const cache = prefixCache(3 * 4 * 2);
  const of = (...tokens: number[]) => [tokens, { rows: 1, length: 2, parts: [Float32Array.from(tokens)] }] as const;
  for (const [tokens, keysAndValues] of [of(1, 1), of(2, 2), of(3, 3)]) cache.add([tokens], keysAndValues);
  expect(cache.longest([1, 1, 5])?.length).toBe(2);
  const [tokens, keysAndValues] = of(4, 4);
  cache.add([tokens], keysAndValues);
  expect(cache.longest([2, 2, 5])).toBeUndefined();
  expect(cache.longest([1, 1, 5])?.keysAndValues.parts[0]).toEqual(Float32Array.of(1, 1));
  expect(cache.longest([4, 9])?.length).toBe(1);
  expect(cache.longest([4])).toBeUndefined();
  cache.add([[9, 9]], { rows: 1, length: 2, parts: [new Float32Array(100)] });
  expect(cache.longest([9, 9, 9])).toBeUndefined();
  cache.clear();
  expect(cache.longest([1, 1, 5])).toBeUndefined();
});

test("copies nothing where a batch goes on from one run", () => {
  const keysAndValues = { rows: 2, length: 1, parts: [Float32Array.of(1, 2)] };
  const prefix = (row: number) => ({ keysAndValues, row, length: 1 });
  const shapes = [{ heads: 1, width: 1 }];
  expect(gather(shapes, [prefix(0), prefix(1)])).toBe(keysAndValues);
  expect(gather(shapes, [prefix(1), prefix(0)]).parts).toEqual([Float32Array.of(2, 1)]);
  expect(gather(shapes, [undefined, undefined])).toEqual({ rows: 2, length: 0, parts: [new Float32Array(0)] });
});
