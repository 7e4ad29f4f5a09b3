import { type Automaton, trim } from "../../space/index.ts";
import type { Constraint } from "../constraints/constraint.ts";

/**
 * The texts that a constraint allows, as bytes, in the order of their bytes.
 *
 * @throws RangeError where they are endlessly many, or more than a limit: with their number
 */
export const allowedTexts = ({ bytes, name }: Constraint, limit: number): Uint8Array[] => {
  const machine = trim(bytes);
  const count = countTexts(machine);
  if (count > limit) {
    const many = Number.isFinite(count) ? count.toLocaleString("en") : "endlessly many";
    throw new RangeError(
      `"${name}" allows ${many} texts, and exact lookahead scores each: the limit is ${limit.toLocaleString("en")}, ` +
        "so allow fewer or look ahead by a surrogate",
    );
  }
  const texts: Uint8Array[] = [];
  const prefix: number[] = [];
  const visit = (state: number): void => {
    if (machine.accepting[state]) texts.push(Uint8Array.from(prefix));
    for (let arc = machine.offsets[state] as number; arc < (machine.offsets[state + 1] as number); arc++) {
      prefix.push(machine.labels[arc] as number);
      visit(machine.targets[arc] as number);
      prefix.pop();
    }
  };
  visit(machine.start);
  return texts;
};

/** Number of sequences that a trimmed automaton accepts; `Infinity` where it has a cycle. */
const countTexts = (machine: Automaton): number => {
  const counts = new Float64Array(machine.states).fill(-1);
  const UNDER_WAY = -2;
  const countFrom = (state: number): number => {
    const known = counts[state] as number;
    if (known === UNDER_WAY) return Infinity;
    if (known >= 0) return known;
    counts[state] = UNDER_WAY;
    let count = machine.accepting[state] as number;
    for (let arc = machine.offsets[state] as number; arc < (machine.offsets[state + 1] as number); arc++) {
      count += countFrom(machine.targets[arc] as number);
    }
    counts[state] = count;
    return count;
  };
  return countFrom(machine.start);
};
