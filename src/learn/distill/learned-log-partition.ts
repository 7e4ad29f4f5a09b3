import { adam, cosineRate } from "../adam.ts";
import type { NumberTensor, NumberTensors } from "../number-tensor.ts";
import { checkState } from "./students/student-state.ts";

/** A learned log-partition. */
export interface LearnedLogPartition {
  /** As it is now, in nats; `first` where there is none yet, if given. */
  value(first?: number): number;
  /** One step of Adam. */
  descend(gradient: number): void;
  state(): NumberTensors;
  restore(state: NumberTensors): void;
}

/** `log Z_φ` with its own Adam, at a learning rate that falls along half a cosine. */
export const learnedLogPartition = (steps: number, rate: number): LearnedLogPartition => {
  const optimiser = adam(cosineRate(rate, steps));
  const memory = optimiser.start(1);
  const parameter = new Float64Array(1);
  const KEY = "objective.logPartition";
  const state = (): NumberTensors => ({
    [KEY]: { shape: [4], data: Float64Array.of(parameter[0] as number, memory.step, ...memory.mean, ...memory.square) },
  });
  return {
    value: (first) => {
      if (memory.step === 0 && first !== undefined) parameter[0] = first;
      return parameter[0] as number;
    },
    descend: (gradient) => optimiser.update(memory, parameter, Float64Array.of(gradient)),
    state,
    restore: (saved) => {
      checkState(state(), saved);
      const [value, step, mean, square] = (saved[KEY] as NumberTensor).data as Float64Array;
      parameter[0] = value as number;
      memory.step = step as number;
      memory.mean[0] = mean as number;
      memory.square[0] = square as number;
    },
  };
};
