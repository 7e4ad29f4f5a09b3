import { describe, expect, test } from "vitest";
import { adam, constantRate, cosineRate } from "./adam.ts";

describe("adam", () => {
  test("makes the steps of the published algorithm", () => {
    const gradients = [0.3, -0.2, 0.5];
    let [parameter, mean, square] = [1, 0, 0];
    gradients.forEach((g, index) => {
      const t = index + 1;
      mean = 0.9 * mean + 0.1 * g;
      square = 0.999 * square + 0.001 * g * g;
      parameter -= (0.05 * (mean / (1 - 0.9 ** t))) / (Math.sqrt(square / (1 - 0.999 ** t)) + 1e-8);
    });

    const optimiser = adam(constantRate(0.05));
    const parameters = Float64Array.of(1);
    const state = optimiser.start(1);
    for (const g of gradients) optimiser.update(state, parameters, Float64Array.of(g));

    expect(parameters[0]).toBeCloseTo(parameter, 15);
    expect(state.step).toBe(3);
  });

  test("finds the minimum of a badly scaled quadratic", () => {
    const optimiser = adam(cosineRate(0.2, 2000));
    const parameters = Float64Array.of(3, -2);
    const state = optimiser.start(2);
    for (let step = 0; step < 2000; step++) {
      const [x, y] = parameters as unknown as [number, number];
      optimiser.update(state, parameters, Float64Array.of(2 * (x - 1), 2000 * (y + 5)));
    }
    expect(parameters[0]).toBeCloseTo(1, 8);
    expect(parameters[1]).toBeCloseTo(-5, 8);
  });

  test("leaves a forbidden parameter forbidden", () => {
    const optimiser = adam(constantRate(0.1));
    const parameters = Float64Array.of(-Infinity, 0);
    optimiser.update(optimiser.start(2), parameters, Float64Array.of(0, 1));
    expect(parameters[0]).toBe(-Infinity);
  });

  test("refuses decay rates outside [0, 1)", () => {
    expect(() => adam(constantRate(0.1), { meanDecay: 1 })).toThrow(/"meanDecay" must be ≥ 0 and < 1/);
    expect(() => adam(constantRate(0.1), { epsilon: 0 })).toThrow(/"epsilon" must be > 0/);
  });
});

test("a cosine rate falls from its peak to 0 and stays there", () => {
  const rate = cosineRate(0.1, 10);
  expect([rate(0), rate(5), rate(10), rate(11)]).toEqual([0.1, expect.closeTo(0.05, 15), 0, 0]);
});
