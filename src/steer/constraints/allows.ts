import { accepts, bytesOfText } from "../../space/index.ts";
import type { Constraint } from "./constraint.ts";

/** Whether a constraint allows a text, whatever its number of tokens. */
export const allows = (constraint: Constraint, text: string): boolean => accepts(constraint.bytes, bytesOfText(text));
