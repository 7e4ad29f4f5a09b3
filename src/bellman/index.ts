export { EmptyModelError } from "./empty-model.ts";
export { type Arm, type Model, softValues, toLogits, toReward } from "./soft-bellman.ts";
