export { allOf, except } from "./all-of.ts";
export { allows } from "./allows.ts";
export type { Constraint } from "./constraint.ts";
export { type Containing, containing } from "./containing.ts";
export { characterLength, type LengthBounds, tokenLength } from "./length.ts";
export { matches } from "./matches.ts";
export { oneOf } from "./one-of.ts";
