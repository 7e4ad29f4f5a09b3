import { tokenNames } from "../space.ts";
import type { Automaton } from "./automaton.ts";
import { checkAutomatonSize } from "./automaton-limits.ts";

/**
 * The automaton of the responses of at least and at most so many tokens.
 *
 * @param options.minimum fewest tokens, EOS not counted
 * @param options.maximum most tokens; without it there is no upper bound
 * @throws RangeError where the bounds are not whole numbers with `0 ≤ minimum ≤ maximum`, or the states are too many
 * @example
 * ```ts
 * import { accepts, lengthRange } from "arbel";
 * const machine = lengthRange({ tokens: ["a", "b"], minimum: 1, maximum: 2 });
 * console.log(accepts(machine, []), accepts(machine, [1, 0])); // false, true
 * ```
 */
export const lengthRange = (options: {
  readonly tokens: number | readonly string[];
  readonly minimum: number;
  readonly maximum?: number;
}): Automaton => {
  const tokens = tokenNames(options.tokens);
  const { minimum, maximum } = options;
  checkLength(minimum, `"minimum"`);
  if (maximum !== undefined) checkLength(maximum, `"maximum"`);
  if (maximum !== undefined && maximum < minimum) {
    throw new RangeError(`"maximum" must be at least "minimum", got ${maximum} and ${minimum}`);
  }
  const longest = maximum ?? minimum;
  const steps = maximum === undefined ? longest + 1 : longest;
  checkAutomatonSize("the length range", longest + 1, steps * tokens.length, "lower the bounds");
  const offsets = Int32Array.from({ length: longest + 2 }, (_, length) => Math.min(length, steps) * tokens.length);
  const labels = Int32Array.from({ length: steps * tokens.length }, (_, arc) => arc % tokens.length);
  const targets = labels.map((_, arc) => Math.min(longest, Math.floor(arc / tokens.length) + 1));
  const accepting = Uint8Array.from({ length: longest + 1 }, (_, length) => (length >= minimum ? 1 : 0));
  return { tokens, states: longest + 1, start: 0, offsets, labels, targets, accepting };
};

const checkLength = (length: number, what: string) => {
  if (!Number.isSafeInteger(length) || length < 0) {
    throw new RangeError(`${what} must be a whole number ≥ 0, got ${String(length)}`);
  }
};
