import type { Choose } from "../choose.ts";

/** One way in which a random program can run. */
export interface Trace<T> {
  readonly probability: number;
  readonly value: T;
}

/** Every way in which a program can run that is random by its choices alone, with its probability. */
export const exhaust = async <T>(program: (choose: Choose) => T | Promise<T>): Promise<Trace<T>[]> => {
  const traces: Trace<T>[] = [];
  const script: { index: number; weights: Float64Array }[] = [];
  do {
    let [place, probability] = [0, 1];
    const choose: Choose = (weights) => {
      if (place === script.length) script.push({ index: nextPositive(weights, 0), weights: weights.slice() });
      const { index } = script[place++] as { index: number };
      probability *= (weights[index] as number) / weights.reduce((a, b) => a + b, 0);
      return index;
    };
    traces.push({ value: await program(choose), probability });
  } while (advance(script));
  return traces;
};

/** Goes on to the next script in order: whether there is one. */
const advance = (script: { index: number; weights: Float64Array }[]): boolean => {
  for (let last = script.at(-1); last; last = script.at(-1)) {
    const next = nextPositive(last.weights, last.index + 1);
    if (next >= 0) {
      last.index = next;
      return true;
    }
    script.pop();
  }
  return false;
};

const nextPositive = (weights: Float64Array, from: number): number =>
  weights.findIndex((weight, i) => i >= from && weight > 0);
