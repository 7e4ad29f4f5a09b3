import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ArcRows, Kernel } from "./kernel.ts";
import { reference } from "./reference.ts";
import { numbersOf } from "./testing/numbers.ts";
import { wasm } from "./wasm.ts";

interface Problem {
  readonly rows: ArcRows;
  readonly reward: Float64Array;
  readonly next: Float64Array;
}

/** Layers with rows of different lengths, empty ones and −∞ among them; some larger than a chunk. */
const problems: fc.Arbitrary<Problem> = fc
  .record({
    states: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(700, 20_000)),
    longest: fc.constantFrom(1, 2, 5, 27, 60),
    scale: fc.constantFrom(1, 40, 700),
    offset: fc.constantFrom(0, 5_000, -5_000),
    forbidden: fc.constantFrom(0, 0.3, 1),
    seed: fc.nat(),
  })
  .map(({ states, longest, scale, offset, forbidden, seed }) => {
    const random = numbersOf(seed);
    const below = (n: number) => Math.floor(((random() + 1) / 2) * n);
    const number = () => (random() < 2 * forbidden - 1 ? -Infinity : offset + scale * random());
    const offsets = new Int32Array(states + 1);
    for (let s = 0; s < states; s++) offsets[s + 1] = (offsets[s] as number) + below(longest + 1);
    const arcs = offsets[states] as number;
    const targets = Int32Array.from({ length: arcs }, () => below(states + 1) - 1);
    return {
      rows: { offsets, targets },
      reward: Float64Array.from({ length: arcs }, number),
      next: Float64Array.from({ length: states }, number),
    };
  });

const run = (kernel: Kernel, { rows, reward, next }: Problem, added: boolean) => {
  const [logits, values] = [new Float64Array(reward.length), new Float64Array(rows.offsets.length - 1)];
  kernel.softBellmanArcs(rows, reward, added ? next : null, logits, values);
  return { logits, values };
};

describe("softBellmanArcs", () => {
  test("of WASM agrees with the reference to 1e-14 relative to max(1, |value|)", () => {
    fc.assert(
      fc.property(problems, fc.boolean(), (problem, added) => {
        const [fast, plain] = [run(wasm, problem, added), run(reference, problem, added)];
        expect(fast.logits.every((q, arc) => q === plain.logits[arc])).toBe(true);
        const wrong = fast.values.findIndex((v, s) => {
          const w = plain.values[s] as number;
          return v !== w && !(Math.abs(v - w) <= 1e-14 * Math.max(1, Math.abs(w)));
        });
        expect(wrong).toBe(-1);
      }),
      { numRuns: 150, seed: 51 },
    );
  });

  test.each([
    ["reference", reference],
    ["wasm", wasm],
  ])(
    "of %s: empty rows are −∞, NaN stays visible, values alone need no logits, and input may be output",
    (_, kernel) => {
      const rows = { offsets: Int32Array.of(0, 0, 2, 3, 5), targets: Int32Array.of(0, -1, -1, -1, 1) };
      const reward = Float64Array.of(0, 0, -Infinity, Number.NaN, 0);
      const values = new Float64Array(4);
      kernel.softBellmanArcs(rows, reward, null, null, values);
      expect([...values]).toEqual([-Infinity, Math.log(2), -Infinity, Number.NaN]);
      kernel.softBellmanArcs(rows, reward, Float64Array.of(1, 2, 0, 0), reward, values);
      expect([...reward]).toEqual([1, 0, -Infinity, Number.NaN, 2]);
      expect(values[1]).toBeCloseTo(Math.log(1 + Math.E), 14);
    },
  );
});
