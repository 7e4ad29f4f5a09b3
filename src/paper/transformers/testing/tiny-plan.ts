import { tree } from "../../../space/index.ts";
import { type Goal, TARGETS, type TransformerPlan, type TransformerSize } from "../plan.ts";

const SIZES: readonly TransformerSize[] = [4, 8].map((width) => ({
  label: `1 layer, d = ${width}`,
  layers: 1,
  width,
  heads: 1,
  learningRate: 0.01,
  milliseconds: 1,
}));

const WIDE = { id: "v3-t2", label: "V = 3, T = 2", space: tree({ tokens: 3, horizon: 2, eos: false }) };
const LONG = { id: "v2-t3", label: "V = 2, T = 3", space: tree({ tokens: 2, horizon: 3, eos: false }) };

const goal = (changes: Partial<Goal> = {}): Goal => ({
  space: WIDE,
  target: TARGETS[0] as Goal["target"],
  size: SIZES[0] as TransformerSize,
  steps: 12,
  learningRate: 0.01,
  start: 0,
  ...changes,
});

/** A plan with something of everything, which jax-js trains in seconds. */
export const TINY_PLAN: TransformerPlan = {
  name: "tiny",
  wide: [goal(), goal({ start: 1 }), goal({ size: SIZES[1] as TransformerSize })],
  long: [goal({ space: LONG })],
  targets: TARGETS.slice(1).map((target) => goal({ target })),
  rates: [goal({ learningRate: 0.1 })],
};
