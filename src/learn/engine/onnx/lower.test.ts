import { lax, nn, numpy as np, valueAndGrad } from "@jax-js/jax";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Step } from "../engine.ts";
import { sizeOf, type Tensor, tensor } from "../tensor.ts";
import { runEagerly, runLowered } from "../testing/run-lowered.ts";

type Traced = np.Array;

/** Float32 rounding of sums of up to some hundred terms; jax-js's exp and log are good to 1e-5. */
const TOLERANCE = 3e-5;

const RUNS = { numRuns: 40, seed: 20261123 };

/** A shape of up to four axes; an axis of size 0 in one case of ten. */
const shapes = fc
  .array(fc.constantFrom(1, 2, 3, 4, 6), { minLength: 1, maxLength: 4 })
  .chain((shape) =>
    fc
      .tuple(fc.integer({ min: 0, max: 9 }), fc.nat(shape.length - 1))
      .map(([empty, axis]) => (empty === 0 ? shape.map((size, each) => (each === axis ? 0 : size)) : shape)),
  );

/** Numbers of a shape, from a seed, in [−2, 2]. */
const numbers = (shape: readonly number[], seed: number): Tensor => {
  let state = seed >>> 0;
  return tensor(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 30 - 2;
    }),
  );
};

/** Axes in another order, by a number. */
const permutation = (rank: number, choice: number): number[] => {
  const left = Array.from({ length: rank }, (_, axis) => axis);
  const order: number[] = [];
  let rest = choice;
  while (left.length > 0) {
    order.push(...left.splice(rest % left.length, 1));
    rest = Math.floor(rest / Math.max(1, left.length + 1)) + 7;
  }
  return order;
};

/** The same shape by a way that leaves the memory in another order: transposed, joined, cut and transposed back. */
const shuffled = (x: Traced, choice: number): Traced => {
  const shape = x.shape;
  if (choice % 3 === 0 || shape.includes(0)) {
    return x;
  }
  const order = permutation(shape.length, choice);
  const back = order.map((_, axis) => order.indexOf(axis));
  const moved = x.transpose(order);
  const again =
    choice % 3 === 1
      ? moved
      : moved
          .add(0)
          .reshape([-1])
          .mul(1.5)
          .reshape(order.map((axis) => shape[axis] as number));
  return again.transpose(back);
};

/** Some axes of size 1: what broadcasts against the whole shape. */
const narrowed = (shape: readonly number[], choice: number): number[] =>
  shape.map((size, axis) => ((choice >> axis) & 1 ? 1 : size)).slice(choice % 5 === 4 ? 1 : 0);

function compare(actual: Record<string, number[]>, expected: Record<string, number[]>): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, values] of Object.entries(expected)) {
    expect(actual[name]).toHaveLength(values.length);
    values.forEach((value, index) => {
      const got = actual[name]?.[index] as number;
      if (Number.isFinite(value)) {
        expect(Math.abs(got - value), `${name}[${index}]: ${got}, not ${value}`).toBeLessThanOrEqual(
          TOLERANCE * Math.max(1, Math.abs(value)),
        );
      } else {
        expect(got).toBe(value);
      }
    });
  }
}

/** The lowered step gives what jax-js gives. */
async function agree(step: Step, chunk: Record<string, Tensor>): Promise<void> {
  compare(await runLowered(step, chunk), await runEagerly(step, chunk));
}

describe("lowering", () => {
  const unary: [string, (x: Traced) => Traced][] = [
    ["neg", (x) => np.negative(x)],
    ["reciprocal", (x) => np.reciprocal(x.add(3))],
    ["exp", (x) => np.exp(x)],
    ["log", (x) => np.log(x.add(3))],
    ["sqrt", (x) => np.sqrt(x.add(3))],
    ["sin", (x) => np.sin(x)],
    ["cos", (x) => np.cos(x)],
    ["floor", (x) => np.floor(x)],
    ["ceil", (x) => np.ceil(x)],
    ["stop_gradient", (x) => lax.stopGradient(x)],
    ["cast", (x) => x.mul(10).astype(np.int32).astype(np.float32)],
    ["sigmoid, fused", (x) => nn.sigmoid(x)],
  ];
  it.each(unary)("%s", (_, apply) =>
    fc.assert(
      fc.asyncProperty(shapes, fc.nat(200), (shape, choice) =>
        agree((_weights, { x }) => ({ y: shuffled(apply(shuffled(x as Traced, choice)), choice + 1) }), {
          x: numbers(shape, choice),
        }),
      ),
      RUNS,
    ),
  );

  const binary: [string, (a: Traced, b: Traced) => Traced][] = [
    ["add", (a, b) => a.add(b)],
    ["sub", (a, b) => a.sub(b)],
    ["mul", (a, b) => a.mul(b)],
    ["min", (a, b) => np.minimum(a, b)],
    ["max", (a, b) => np.maximum(a, b)],
    ["less", (a, b) => np.where(np.less(a, b), 1, 2)],
    ["less or equal", (a, b) => np.where(np.lessEqual(a, b), 1, 2)],
    ["equal", (a, b) => np.where(np.equal(np.floor(a), np.floor(b)), 1, 2)],
    ["not equal", (a, b) => np.where(np.notEqual(np.floor(a), np.floor(b)), 1, 2)],
    ["where", (a, b) => np.where(np.less(a.ref, 0), a, b)],
  ];
  it.each(binary)("%s of shapes that broadcast", (_, apply) =>
    fc.assert(
      fc.asyncProperty(shapes, fc.nat(200), fc.nat(15), fc.nat(31), (shape, choice, left, right) =>
        agree(
          (_weights, { a, b }) => ({
            y: shuffled(apply(shuffled(a as Traced, choice), shuffled(b as Traced, choice + 1)), choice + 2),
          }),
          { a: numbers(narrowed(shape, left), choice), b: numbers(narrowed(shape, right), choice + 1) },
        ),
      ),
      RUNS,
    ),
  );

  it.each(["sum", "max", "min"] as const)("%s over any axes", (reduction) =>
    fc.assert(
      fc.asyncProperty(
        shapes,
        fc.nat(200),
        fc.integer({ min: 1, max: 15 }),
        fc.boolean(),
        async (shape, choice, mask, repeated) => {
          const axes = shape.flatMap((_, axis) => ((mask >> axis) & 1 ? [axis] : []));
          fc.pre(axes.length > 0 && (reduction === "sum" || !shape.includes(0)));
          const step: Step = (_weights, { x }) => {
            const moved = shuffled(x as Traced, choice);
            // A repeated axis takes no memory until something needs it.
            const wide = repeated ? np.broadcastTo(moved.reshape([1, ...shape]), [2, ...shape]) : moved;
            return { y: np[reduction](wide, repeated ? [0, ...axes.map((axis) => axis + 1)] : axes) };
          };
          const chunk = { x: numbers(shape, choice) };
          if (shape.includes(0)) {
            // jax-js 0.1.25 gives anything for a sum over no numbers.
            const kept = shape.filter((_, axis) => !axes.includes(axis));
            expect(await runLowered(step, chunk)).toEqual({ y: new Array(sizeOf(kept)).fill(0) });
          } else {
            await agree(step, chunk);
          }
        },
      ),
      RUNS,
    ),
  );

  it("dot: products of matrices in every layout", () =>
    fc.assert(
      fc.asyncProperty(
        fc.tuple(...[0, 1, 2, 3, 4].map(() => fc.constantFrom(1, 2, 3, 5))),
        fc.nat(200),
        fc.nat(7),
        ([b1, b2, m, n, k], choice, narrow) => {
          const left = [narrow & 1 ? 1 : b1, b2, m, k] as number[];
          const right = [b1, narrow & 2 ? 1 : b2, k, n] as number[];
          return agree(
            (_weights, { a, b }) => ({
              y: shuffled(
                np.matmul(shuffled(a as Traced, choice), shuffled(b as Traced, choice + 1)).mul(0.5),
                choice + 2,
              ),
            }),
            { a: numbers(left, choice), b: numbers(right, choice + 1) },
          );
        },
      ),
      { ...RUNS, numRuns: 120 },
    ));

  it("dot: large matrices, both operands transposed or not, added to", () =>
    fc.assert(
      fc.asyncProperty(fc.nat(3), fc.nat(2), fc.nat(200), (layout, rank, choice) => {
        const [rows, inner, columns] = [7, 40, 33];
        return agree(
          (_weights, { a, b, c }) => {
            const x = layout & 1 ? (a as Traced).transpose() : (a as Traced);
            const y = layout & 2 ? (b as Traced).transpose() : (b as Traced);
            return {
              y: np
                .matmul(x, y)
                .mul(0.25)
                .add(c as Traced),
            };
          },
          {
            a: numbers(layout & 1 ? [inner, rows] : [rows, inner], choice),
            b: numbers(layout & 2 ? [columns, inner] : [inner, columns], choice + 1),
            c: numbers([[rows, columns], [columns], [rows, 1]][rank] as number[], choice + 2),
          },
        );
      }),
      RUNS,
    ));

  it("dot over an axis of size 0 is 0", () =>
    expect(
      runLowered((_weights, { a, b }) => ({ y: np.matmul(a as Traced, b as Traced) }), {
        a: numbers([3, 0], 1),
        b: numbers([0, 2], 2),
      }),
    ).resolves.toEqual({ y: [0, 0, 0, 0, 0, 0] }));

  it("reshape cuts and joins axes, repeated ones too", () =>
    fc.assert(
      fc.asyncProperty(fc.nat(200), fc.nat(5), fc.boolean(), (choice, way, repeat) => {
        const targets = [[24], [2, 12], [12, 2], [3, 8], [4, 3, 2], [2, 2, 6]];
        return agree(
          (_weights, { x }) => {
            const moved = shuffled(x as Traced, choice);
            const wide = repeat ? np.broadcastTo(np.sum(moved, 1, { keepdims: true }), [2, 3, 4]) : moved;
            return { y: shuffled(wide.reshape(targets[way] as number[]), choice + 1).mul(2) };
          },
          { x: numbers([2, 3, 4], choice) },
        );
      }),
      RUNS,
    ));

  it("concatenate, split, slice and pad", () =>
    fc.assert(
      fc.asyncProperty(fc.nat(200), fc.nat(2), (choice, axis) =>
        agree(
          (_weights, { x, y }) => {
            const both = np.concatenate([shuffled(x as Traced, choice), shuffled(y as Traced, choice + 1)], axis);
            const [first, second] = np.split(both.ref, 2, axis) as [Traced, Traced];
            const padded = np.pad(both, [
              [0, 1],
              [2, 0],
              [1, 1],
            ] as never);
            return { difference: first.sub(second), padded: shuffled(padded, choice + 2).slice([1], [], [0, 2]) };
          },
          { x: numbers([2, 4, 6], choice), y: numbers([2, 4, 6], choice + 1) },
        ),
      ),
      RUNS,
    ));

  it.each([
    ["few rows, by a one-hot product", 5],
    ["many rows, one by one", 200],
  ])("gather and its gradient: %s", (_, rows) =>
    fc.assert(
      fc.asyncProperty(fc.nat(200), fc.nat(1), (choice, axis) => {
        const indices = Int32Array.from({ length: 6 }, (__, index) => (index * choice + (choice >> 2)) % rows);
        return agree(
          (_weights, { table, ids, cotangent }) => {
            const [value, gradient] = valueAndGrad((x: Traced, i: Traced, c: Traced) =>
              np.sum(np.take(axis === 0 ? x : x.transpose(), i, axis).mul(axis === 0 ? c : c.transpose())),
            )(table as Traced, ids as Traced, cotangent as Traced) as [Traced, Traced];
            return { value, gradient };
          },
          { table: numbers([rows, 3], choice), ids: tensor([6], indices), cotangent: numbers([6, 3], choice + 1) },
        );
      }),
      RUNS,
    ),
  );

  it("a softmax over masked scores and its gradient, −∞ included", () =>
    fc.assert(
      fc.asyncProperty(fc.nat(200), (choice) =>
        agree(
          (_weights, { x, c }) => {
            const [value, gradient] = valueAndGrad((scores: Traced, weights: Traced) => {
              const mask = np.array([true, false, true, true, true, false], { shape: [2, 3] });
              return np.sum(nn.softmax(np.where(mask, scores, -Infinity), -1).mul(weights));
            })(x as Traced, c as Traced) as [Traced, Traced];
            return { value, gradient };
          },
          { x: numbers([4, 2, 3], choice), c: numbers([4, 2, 3], choice + 1) },
        ),
      ),
      { ...RUNS, numRuns: 10 },
    ));

  it("the logistic function and its slope do not overflow", async () => {
    const step: Step = (_weights, { x }) => {
      const [value, gradient] = valueAndGrad((y: Traced) => np.sum(nn.silu(y)))(x as Traced) as [Traced, Traced];
      return { value, gradient };
    };
    const { gradient } = await runLowered(step, { x: tensor([3], [-200, 0, 200]) });
    expect(gradient).toEqual([0, 0.5, 1]);
  });

  it("tells infinities and NaN apart", () =>
    agree(
      (_weights, { x }) => ({
        above: np.maximum((x as Traced).ref, -Infinity),
        below: np.minimum((x as Traced).ref, Infinity),
        masked: np.where(np.less((x as Traced).ref, 0), -Infinity, x as Traced),
      }),
      { x: numbers([5], 3) },
    ));

  it("refuses a primitive it does not know by name", async () => {
    const step: Step = (_weights, { x }) => ({ y: np.sort(x as Traced) });
    await expect(runLowered(step, { x: numbers([4], 1) })).rejects.toThrow(
      /primitive "sort" cannot be lowered to ONNX/,
    );
  });

  it("refuses a kind of numbers it does not know by name", async () => {
    const step: Step = (_weights, { x }) => ({ y: (x as Traced).astype(np.float16) });
    await expect(runLowered(step, { x: numbers([4], 1) })).rejects.toThrow(/float16/);
  });
});
