export type { Pair } from "./pair.ts";
export { PLANS, type PlanName, type TransformerPlan } from "./plan.ts";
export { transformerSections } from "./sections.ts";
export { studyStages } from "./study.ts";
