export { type ConstraintPotential, type ConstraintState, constrain } from "./constrain.ts";
export { type ExpertOptions, expert } from "./expert.ts";
export type { CallOptions, CompletePotential, KnownLogPartition, Potential, ResponseText } from "./potential.ts";
export { productOf } from "./product.ts";
export { type RewardFunction, type RewardOptions, reward } from "./reward.ts";
export { type StopOptions, stopAt } from "./stop-at.ts";
export type { TokenArcs, TokenAutomaton } from "./token-automaton.ts";
