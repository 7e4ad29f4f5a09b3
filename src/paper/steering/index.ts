export { LONG_WISHES, studyLong } from "./long-wishes.ts";
export { NAME_WISHES } from "./name-wishes.ts";
export { steeredNamesSection } from "./names-section.ts";
export { steeredProseSection } from "./prose-section.ts";
export { PROSE_WISHES } from "./prose-wishes.ts";
export { prepareNames, studyName } from "./steered-names.ts";
export { studyProse } from "./steered-prose.ts";
export { FULL_STEERING, planSteering, QUICK_STEERING, type SteeringSize } from "./steering-plan.ts";
