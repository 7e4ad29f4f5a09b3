import type { SteerOptions } from "../../steer/index.ts";

/** A way of sampling that is compared. */
export interface SteeringMethod {
  readonly id: string;
  readonly label: string;
  readonly lookahead: boolean;
  /** Options of a run with a budget, in particles. */
  readonly options: (budget: number) => SteerOptions;
}

/** Moves of a chain: a budget buys chains, and each makes so many. */
const MOVES = 8;

/** What is compared, with the same wish and the same seeds. */
export const STEERING_METHODS: readonly SteeringMethod[] = [
  {
    id: "masking",
    label: "masking",
    lookahead: false,
    options: (budget) => ({ sampler: "masking", particles: budget }),
  },
  {
    id: "importance",
    label: "masking with weights",
    lookahead: false,
    options: (budget) => ({ sampler: "importance", particles: budget }),
  },
  {
    id: "smc",
    label: "SMC",
    lookahead: false,
    options: (budget) => ({ sampler: "smc", particles: budget, islands: 1 }),
  },
  {
    id: "metropolisHastings",
    label: "Metropolis–Hastings",
    lookahead: false,
    options: (budget) => ({ sampler: "metropolis-hastings", particles: Math.max(1, budget / MOVES), moves: MOVES }),
  },
  {
    id: "rejection",
    label: "rejection",
    lookahead: false,
    options: (budget) => ({ sampler: "rejection", particles: budget, attempts: budget, samples: budget }),
  },
  {
    id: "importanceSurrogate",
    label: "weights, surrogate lookahead",
    lookahead: true,
    options: (budget) => ({ sampler: "importance", particles: budget }),
  },
  {
    id: "smcSurrogate",
    label: "SMC, surrogate lookahead",
    lookahead: true,
    options: (budget) => ({ sampler: "smc", particles: budget, islands: 1 }),
  },
];

/** What a method is called. */
export const labelOf = (id: string): string => STEERING_METHODS.find((method) => method.id === id)?.label ?? id;
