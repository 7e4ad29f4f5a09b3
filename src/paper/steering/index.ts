export { NAME_WISHES } from "./name-wishes.ts";
export { PROSE_WISHES } from "./prose-wishes.ts";
export { FULL_STEERING, planSteering, QUICK_STEERING, type SteeringSize } from "./steering-plan.ts";
