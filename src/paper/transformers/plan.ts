import { tree } from "../../space/index.ts";
import { TARGET_LAWS } from "../claim-minima.ts";
import type { NamedSpace } from "../reward-laws.ts";

/** A size of Transformer, of both kinds. */
export interface TransformerSize {
  readonly label: string;
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  /** Largest learning rate, where nothing else is asked for. */
  readonly learningRate: number;
  /** Milliseconds of an EBM's step on 4,096 responses of 4 tokens, two threads of ONNX Runtime: for the time left alone. */
  readonly milliseconds: number;
}

const SMALL: TransformerSize = {
  label: "1 layer, d = 32",
  layers: 1,
  width: 32,
  heads: 2,
  learningRate: 1e-2,
  milliseconds: 15,
};
const MEDIUM: TransformerSize = {
  label: "2 layers, d = 64",
  layers: 2,
  width: 64,
  heads: 4,
  learningRate: 3e-3,
  milliseconds: 90,
};
const LARGE: TransformerSize = {
  label: "4 layers, d = 128",
  layers: 4,
  width: 128,
  heads: 4,
  learningRate: 1e-3,
  milliseconds: 650,
};

/** The space of figures 2, 3 and 5. */
const WIDE: NamedSpace = { id: "v8-t4", label: "V = 8, T = 4", space: tree({ tokens: 8, horizon: 4, eos: false }) };
/** Spaces of figure 4, `T > V`. */
const LONG: NamedSpace = { id: "v4-t6", label: "V = 4, T = 6", space: tree({ tokens: 4, horizon: 6, eos: false }) };
const LONGEST: NamedSpace = { id: "v4-t8", label: "V = 4, T = 8", space: tree({ tokens: 4, horizon: 8, eos: false }) };

/** Laws of the targets; a teacher's is drawn by the engine. */
export const TARGETS: readonly { readonly id: string; readonly label: string }[] = [
  ...TARGET_LAWS.map(({ id, label }) => ({ id, label })),
  { id: "teacher", label: "teacher EBM" },
];

/** Both models to be trained on one target, from one seed. */
export interface Goal {
  readonly space: NamedSpace;
  readonly target: (typeof TARGETS)[number];
  readonly size: TransformerSize;
  readonly steps: number;
  readonly learningRate: number;
  /** Which of the random initial weights, from 0; the target is that of the report's seed. */
  readonly start: number;
}

/** What is trained for a report. */
export interface TransformerPlan {
  readonly name: string;
  /** Zipf targets on spaces with `V ≥ T` (figures 2 and 3). */
  readonly wide: readonly Goal[];
  /** Zipf targets on spaces with `T > V` (figure 4). */
  readonly long: readonly Goal[];
  /** Other targets. */
  readonly targets: readonly Goal[];
  /** Other learning rates. */
  readonly rates: readonly Goal[];
}

/** All goals of a plan, the most telling first. */
export const goalsOf = ({ wide, long, targets, rates }: TransformerPlan): Goal[] => [
  ...wide,
  ...long,
  ...targets,
  ...rates,
];

/** Names of the plans that `arbel reproduce` knows. */
export type PlanName = "quick" | "default" | "paper";

type Amount = { readonly steps: number; readonly starts: number };

const zipf = TARGETS[0] as (typeof TARGETS)[number];

const zipfGoals = (space: NamedSpace, size: TransformerSize, amount: Amount): Goal[] =>
  goals(space, zipf, size, amount, size.learningRate);

const goals = (
  space: NamedSpace,
  target: (typeof TARGETS)[number],
  size: TransformerSize,
  { steps, starts }: Amount,
  learningRate: number,
): Goal[] => Array.from({ length: starts }, (_, start) => ({ space, target, size, steps, learningRate, start }));

const otherTargets = (names: readonly string[], amount: Amount): Goal[] =>
  TARGETS.filter(({ id }) => names.includes(id)).flatMap((target) =>
    goals(WIDE, target, SMALL, amount, SMALL.learningRate),
  );

const otherRates = (rates: readonly number[], size: TransformerSize, amount: Amount): Goal[] =>
  rates.flatMap((rate) => goals(WIDE, zipf, size, amount, rate));

const RATES = [1e-3, 3e-3, 3e-2];

/** What each plan trains. */
export const PLANS: Readonly<Record<PlanName, TransformerPlan>> = {
  quick: {
    name: "quick",
    wide: zipfGoals(WIDE, SMALL, { steps: 300, starts: 2 }),
    long: zipfGoals(LONG, SMALL, { steps: 200, starts: 1 }),
    targets: otherTargets(["dirichlet"], { steps: 200, starts: 1 }),
    rates: otherRates([1e-3], SMALL, { steps: 300, starts: 1 }),
  },
  default: {
    name: "default",
    wide: [...zipfGoals(WIDE, SMALL, { steps: 800, starts: 3 }), ...zipfGoals(WIDE, MEDIUM, { steps: 400, starts: 2 })],
    long: [...zipfGoals(LONG, SMALL, { steps: 800, starts: 2 }), ...zipfGoals(LONG, MEDIUM, { steps: 500, starts: 1 })],
    targets: otherTargets(["dirichlet", "noisy", "teacher"], { steps: 800, starts: 1 }),
    rates: otherRates(RATES, SMALL, { steps: 800, starts: 1 }),
  },
  paper: {
    name: "paper",
    wide: [
      ...zipfGoals(WIDE, SMALL, { steps: 5000, starts: 3 }),
      ...zipfGoals(WIDE, MEDIUM, { steps: 5000, starts: 3 }),
      ...zipfGoals(WIDE, LARGE, { steps: 5000, starts: 1 }),
    ],
    long: [
      ...zipfGoals(LONG, SMALL, { steps: 5000, starts: 3 }),
      ...zipfGoals(LONG, MEDIUM, { steps: 5000, starts: 1 }),
      ...zipfGoals(LONGEST, SMALL, { steps: 5000, starts: 1 }),
      ...zipfGoals(LONGEST, MEDIUM, { steps: 5000, starts: 1 }),
    ],
    targets: [...otherTargets(["dirichlet", "noisy", "teacher"], { steps: 5000, starts: 3 })],
    rates: otherRates(RATES, SMALL, { steps: 5000, starts: 3 }),
  },
};
