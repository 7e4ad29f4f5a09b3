import type { Automaton } from "./automaton.ts";
import { checkAutomatonSize } from "./automaton-limits.ts";
import { append, contents, intBuffer } from "./int-buffer.ts";
import { pairIndex } from "./pair-index.ts";
import { checkSameTokens } from "./same-tokens.ts";

/**
 * The automaton of the responses that two automata both accept.
 *
 * Its states are the pairs that some sequence reaches, the start first; {@link minimize} makes it small.
 *
 * @throws RangeError where the tokens differ, or the pairs are too many
 * @example
 * ```ts
 * import { accepts, lengthRange, product, regex } from "arbel";
 * const tokens = ["a", "b"];
 * const machine = product(regex("a*b*", tokens), lengthRange({ tokens, minimum: 2, maximum: 3 }));
 * console.log(accepts(machine, [0, 1]), accepts(machine, [1])); // true, false
 * ```
 */
export const product = (left: Automaton, right: Automaton): Automaton => {
  checkSameTokens(left.tokens, right.tokens, "the automata of a product");
  const pairs = pairIndex(left.states, right.states);
  const [offsets, labels, targets] = [intBuffer(), intBuffer(), intBuffer()];
  pairs.numberOf(left.start, right.start);
  append(offsets, 0);
  for (let state = 0; state < pairs.first.length; state++) {
    const [l, r] = [pairs.first.values[state] as number, pairs.second.values[state] as number];
    let other = right.offsets[r] as number;
    const otherEnd = right.offsets[r + 1] as number;
    for (let arc = left.offsets[l] as number; arc < (left.offsets[l + 1] as number); arc++) {
      const label = left.labels[arc] as number;
      while (other < otherEnd && (right.labels[other] as number) < label) other++;
      if (other === otherEnd) break;
      if (right.labels[other] !== label) continue;
      append(labels, label);
      append(targets, pairs.numberOf(left.targets[arc] as number, right.targets[other] as number));
    }
    append(offsets, labels.length);
    checkAutomatonSize(
      "the product",
      pairs.first.length,
      labels.length,
      "minimize the automata first, or use smaller ones",
    );
  }
  const accepting = Uint8Array.from({ length: pairs.first.length }, (_, state) => {
    const both = [pairs.first.values[state] as number, pairs.second.values[state] as number] as const;
    return (left.accepting[both[0]] as number) & (right.accepting[both[1]] as number);
  });
  return {
    tokens: left.tokens,
    states: accepting.length,
    start: 0,
    offsets: contents(offsets),
    labels: contents(labels),
    targets: contents(targets),
    accepting,
  };
};
