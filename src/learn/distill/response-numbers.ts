import { scoreGradient } from "./objectives/flows.ts";
import { addAlong, sumsAlong } from "./objectives/walk-batch.ts";
import { type RowPolicy, rowPolicy } from "./students/row-policy.ts";
import type { ResponseView } from "./students/student.ts";

/** Numbers of whole responses, and the policy at the states that they pass. */
export const numbersOf = (view: ResponseView, scores: Float64Array) => {
  const policy = rowPolicy(view);
  forEachPlace(view, (state) => policy.value(state));
  return {
    policy,
    numbers: { logStudent: sumsAlong(view.batch, policy.logPolicy), scores, logProposal: proposalOf(view) },
  };
};

const proposalOf = ({ batch }: ResponseView): Float64Array => batch.logProposal ?? new Float64Array(batch.count);

/** Visits the states and arcs of all responses. */
export const forEachPlace = ({ graph, batch }: ResponseView, visit: (state: number, arc: number) => void): void => {
  for (let i = 0; i < batch.count; i++) {
    let state = graph.start;
    for (let place = batch.offsets[i] as number; place < (batch.offsets[i + 1] as number); place++) {
      const arc = batch.arcs[place] as number;
      visit(state, arc);
      state = graph.targets[arc] as number;
    }
  }
};

/** `Σ_i c_i·∇ log p_θ(y_i)` by the logits, `[arcs]`. */
export const alongResponses = ({ graph, batch }: ResponseView, { policy }: RowPolicy, coefficients: Float64Array) => {
  const flow = new Float64Array(graph.arcs);
  addAlong(batch, coefficients, flow);
  return scoreGradient(graph, policy, flow);
};

/** Mean of numbers. */
export const mean = (numbers: Float64Array): number => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;

/** `log mean exp` of numbers, −∞ where all are. */
export const logMeanExp = (numbers: Float64Array): number => {
  const max = numbers.reduce((most, x) => Math.max(most, x), -Infinity);
  return max === -Infinity ? max : max + Math.log(mean(numbers.map((x) => Math.exp(x - max))));
};
