import { type Automaton, checkSameTokens, type LayeredAutomaton, restrict, type Space } from "../../../space/index.ts";
import { completed, type Followed, follow } from "./followed.ts";
import { sharedLevels } from "./shared-levels.ts";

/** A space whose states also say where some automata stand. */
export interface Refinement {
  readonly space: Space;
  /** The automata that are followed, completed, by the ones that were asked for. */
  readonly followed: ReadonlyMap<Automaton, Followed>;
  /** Numbers on the old space's arcs, carried over: one array per depth. */
  lift(levels: readonly Float64Array[]): Float64Array[];
}

/**
 * Splits a space's states by where automata stand (theory §7).
 *
 * A tree stays as it is, since each of its states is a whole prefix; an automaton becomes the product with them.
 *
 * @param options.keep automata that an automaton space's responses must be accepted by; a tree keeps all of its responses
 * @param options.follow automata whose states are to be known, without cutting anything
 * @throws RangeError where the tokens differ, or the product is too large
 */
export const refine = (
  space: Space,
  options: { readonly keep: readonly Automaton[]; readonly follow: readonly Automaton[] },
): Refinement => {
  for (const machine of [...options.keep, ...options.follow]) {
    checkSameTokens(space.tokens, machine.tokens, "the reference and an automaton of the target");
  }
  const machines = options.follow.map((machine) => [machine, completed(machine)] as const);
  const following = machines.map(([, machine]) => ({ ...machine, accepting: machine.accepting.map(() => 1) }));
  let refined = space;
  const steps: (readonly Int32Array[])[] = [];
  if (space.kind !== "tree") {
    for (const machine of [...options.keep, ...following]) {
      const restriction = restrict(refined as LayeredAutomaton, machine);
      refined = restriction.space;
      steps.push(restriction.origins);
    }
  }
  return {
    space: refined,
    followed: new Map(machines.map(([asked, machine]) => [asked, follow(refined, machine)])),
    lift: (levels) => steps.reduce<readonly Float64Array[]>(gather, levels) as Float64Array[],
  };
};

const gather = (levels: readonly Float64Array[], origins: readonly Int32Array[]): Float64Array[] =>
  sharedLevels(
    levels.length,
    (depth) => [levels[depth], origins[depth]],
    (depth) => {
      const [level, origin] = [levels[depth] as Float64Array, origins[depth] as Int32Array];
      const out = new Float64Array(origin.length);
      for (let arc = 0; arc < out.length; arc++) out[arc] = level[origin[arc] as number] as number;
      return out;
    },
  );
