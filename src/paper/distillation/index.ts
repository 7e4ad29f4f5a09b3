export { planDistillation } from "./distillation.ts";
export { DISTILLATION_PLANS, type DistillationPlan } from "./plan.ts";
