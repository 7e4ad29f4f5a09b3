export { steeringSection } from "./steering-section.ts";
export {
  prepareNames,
  type SteeredNames,
  type SteeringCase,
  type SteeringSize,
  studyWish,
} from "./steering-study.ts";
export { STEERING_WISHES } from "./steering-wishes.ts";
