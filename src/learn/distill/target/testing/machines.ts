import { generator, uniform } from "../../../../bellman/index.ts";
import { type Automaton, automaton } from "../../../../space/index.ts";

/** A random automaton over some tokens: up to three states, some arcs missing, some states accepting. */
export const randomMachine = (tokens: readonly string[], seed: number): Automaton => {
  const random = generator(seed);
  const states = 1 + Math.floor(3 * uniform(random));
  const all = Array.from({ length: states }, (_, state) => state);
  const arcs = all.flatMap((from) =>
    tokens.map((_, token) => [from, token, Math.floor(uniform(random) * states)] as const),
  );
  return automaton({
    tokens,
    states,
    start: 0,
    arcs: arcs.filter(() => uniform(random) < 0.8),
    accept: all.filter(() => uniform(random) < 0.6),
  });
};
