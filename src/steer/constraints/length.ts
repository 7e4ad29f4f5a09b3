import { byteRegex } from "../../space/index.ts";
import { anyText, type Constraint, textConstraint } from "./constraint.ts";

/** Bounds of a length, both included. */
export interface LengthBounds {
  /** Default: 0. */
  readonly minimum?: number;
  /** Default: none. */
  readonly maximum?: number;
}

/**
 * The response has so many characters, code points each.
 *
 * @throws RangeError where the bounds are not whole numbers with `0 ≤ minimum ≤ maximum`
 */
export const characterLength = (bounds: LengthBounds): Constraint => {
  const { minimum, maximum } = checkBounds(bounds);
  const count = maximum === Infinity ? `{${minimum},}` : `{${minimum},${maximum}}`;
  return textConstraint(inWords(minimum, maximum, "characters"), byteRegex(`[^]${count}`));
};

/**
 * The response has so many tokens of the model, the end not counted.
 *
 * @throws RangeError where the bounds are not whole numbers with `0 ≤ minimum ≤ maximum`
 */
export const tokenLength = (bounds: LengthBounds): Constraint => {
  const { minimum, maximum } = checkBounds(bounds);
  const name = inWords(minimum, maximum, "tokens");
  return { name, bytes: anyText(), minimumTokens: minimum, maximumTokens: maximum };
};

const checkBounds = ({ minimum = 0, maximum }: LengthBounds): { minimum: number; maximum: number } => {
  for (const [name, bound] of Object.entries({ minimum, maximum })) {
    if (bound !== undefined && !(Number.isSafeInteger(bound) && bound >= 0)) {
      throw new RangeError(`"${name}" must be a whole number ≥ 0, got ${String(bound)}`);
    }
  }
  if (maximum !== undefined && maximum < minimum) {
    throw new RangeError(`"maximum" must be at least "minimum", got ${maximum} and ${minimum}`);
  }
  return { minimum, maximum: maximum ?? Infinity };
};

const inWords = (minimum: number, maximum: number, unit: string) =>
  maximum === Infinity ? `at least ${minimum} ${unit}` : `${minimum} to ${maximum} ${unit}`;
