import type { Feature } from "./feature.ts";

/** "The mean of this feature shall be that": a constraint on the distribution, not on its responses. */
export interface Moment {
  readonly feature: Feature;
  /** `E φ(y)` as it is wanted, in the feature's unit. */
  readonly mean: number;
  /** What messages and reports call it (default the feature's name). */
  readonly name?: string;
}

/** A moment constraint that has been met. */
export interface FittedMoment {
  readonly name: string;
  readonly wanted: number;
  /** `E φ(y)` under the fitted distribution, exactly. */
  readonly achieved: number;
  /** `λ` of the factor `exp(λ·φ(y))`, in nats per unit of the feature. */
  readonly multiplier: number;
  /** Least and greatest `φ(y)` on the support. */
  readonly range: readonly [least: number, greatest: number];
}

/** Share of a range, or of its ends' size, that rounding may blur. */
const BLUR = 1e-12;

/** How far from a constant feature's value its wanted mean may be, relative to that value. */
const CONSTANT_TOLERANCE = 1e-9;

/**
 * Checks a single moment against the values that its feature takes.
 *
 * @param where the responses meant, for the message
 * @returns whether the feature is constant there, so that the moment is met whatever the multiplier
 * @throws RangeError naming the moment where the mean is not a finite number, is out of the range, or at its end: only the limit
 * of infinite multipliers has it, which is a hard constraint
 */
export const checkMoment = (
  { name, wanted }: { readonly name: string; readonly wanted: number },
  [least, greatest]: readonly [number, number],
  where: string,
): boolean => {
  if (!Number.isFinite(wanted)) {
    throw new RangeError(`the mean wanted of moment "${name}" must be a finite number, got ${String(wanted)}`);
  }
  const size = Math.max(Math.abs(least), Math.abs(greatest));
  const range = greatest - least;
  const constant = range <= BLUR * size;
  const slack = constant ? CONSTANT_TOLERANCE * Math.max(1, size) : 0;
  if (wanted < least - slack || wanted > greatest + slack) {
    throw new RangeError(
      `the moment "${name}" cannot be ${wanted}: ${where} its feature lies between ${least} and ${greatest}`,
    );
  }
  if (constant) return true;
  if (wanted - least <= BLUR * range || greatest - wanted <= BLUR * range) {
    throw new RangeError(
      `the moment "${name}" can be ${wanted}, an end of its range from ${least} to ${greatest}, only in the limit: ` +
        "forbid the other responses by an automaton",
    );
  }
  return false;
};

/** Some moments by name, for a message: `"a" (0.5) and "b" (0.7)`. */
export const namesOf = (moments: readonly { readonly name: string; readonly wanted: number }[]): string => {
  const texts = moments.map(({ name, wanted }) => `"${name}" (${wanted})`);
  return texts.length < 2 ? texts.join("") : `${texts.slice(0, -1).join(", ")} and ${texts.at(-1)}`;
};
