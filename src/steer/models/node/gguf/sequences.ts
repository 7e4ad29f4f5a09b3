/** What a batch of contexts gets from sequences that hold others: which sequence, and how many tokens of it stay. */
export interface Assignment {
  readonly sequence: number;
  readonly kept: number;
}

/**
 * Gives every context a sequence of its own, those first that share most tokens with what a sequence holds.
 *
 * At least one token of a context is always left to evaluate, since its logits are what is asked for.
 *
 * @param held tokens of each sequence, at least as many sequences as contexts
 */
export const assignSequences = (
  contexts: readonly (readonly number[])[],
  held: readonly (readonly number[])[],
): Assignment[] => {
  const pairs = contexts.flatMap((context, index) =>
    held.map((tokens, sequence) => ({ index, sequence, kept: sharedLength(context, tokens) })),
  );
  pairs.sort((a, b) => b.kept - a.kept || a.index - b.index || a.sequence - b.sequence);
  const assigned: Assignment[] = [];
  const taken = new Set<number>();
  let left = contexts.length;
  for (const { index, sequence, kept } of pairs) {
    if (left === 0) break;
    if (assigned[index] || taken.has(sequence)) continue;
    assigned[index] = { sequence, kept };
    taken.add(sequence);
    left--;
  }
  return assigned;
};

const sharedLength = (context: readonly number[], tokens: readonly number[]): number => {
  const most = Math.min(context.length - 1, tokens.length);
  let length = 0;
  while (length < most && context[length] === tokens[length]) length++;
  return length;
};
