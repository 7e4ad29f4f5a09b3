export { DeadEndError } from "./dead-end-error.ts";
export { type ExplainedStep, type ExplainedToken, type ExplainOptions, explain } from "./explain.ts";
export type { LogPartition } from "./log-partition.ts";
export type { Resampling } from "./population.ts";
export { SAMPLERS, type SamplerName, type SteerOptions } from "./settings.ts";
export { type GrowingResponse, type SteeredResponse, type SteerProgress, type SteerResult, steer } from "./steer.ts";
export type { Wish } from "./wish.ts";
