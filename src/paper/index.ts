export * from "./kl-estimators/index.ts";
export { type ReportOptions, type ReportProgress, reproduce } from "./reproduce.ts";
export type { PlanName } from "./transformers/index.ts";
