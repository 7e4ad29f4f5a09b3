import type { LanguageModel } from "../models/index.ts";
import type { ConstraintPotential } from "../potentials/constrain.ts";
import { compareBytes } from "../potentials/token-trie.ts";

/** A beginning of a spelling: tokens, and what the model says of them. */
export interface SpellingNode {
  /** Tokens so far. */
  readonly tokens: readonly number[];
  /** `log P(tokens | prompt)` of the model, in nats. */
  readonly logProbability: number;
  /** Node of the constraint's automaton over tokens, and how many tokens may still follow. */
  readonly node: number;
  readonly left: number;
  /** Number of bytes. */
  readonly bytes: number;
  /** The texts that begin with these bytes: `texts[low] … texts[high − 1]`; where they are one of them, that is the first. */
  readonly low: number;
  readonly high: number;
  /** Beginnings one token longer, once the model was asked. */
  children: ReadonlyMap<number, SpellingNode> | undefined;
  /** `log π(end | tokens)` where the tokens spell a text to its end, else −∞. */
  end: number;
}

/** Which longer beginnings of a spelling are looked at, and whether it may end there. */
export type SpellingFilter = (tokens: readonly number[]) => {
  readonly next: ReadonlySet<number>;
  readonly ends: boolean;
};

/** What a tree of spellings grows from. */
export interface SpellingSource {
  readonly model: LanguageModel;
  readonly prompt: readonly number[];
  readonly potential: ConstraintPotential;
  /** Allowed texts in the order of their bytes. */
  readonly texts: readonly Uint8Array[];
  /** Without it, all spellings. */
  readonly filter?: SpellingFilter | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Most contexts that the model is asked about at once. */
const BATCH = 256;

/** The empty beginning. */
export const rootSpelling = ({ potential, texts }: SpellingSource): SpellingNode => {
  const { node, left } = potential.start().state;
  const [low, high] = [0, texts.length];
  return { tokens: [], logProbability: 0, node, left, bytes: 0, low, high, children: undefined, end: -Infinity };
};

/**
 * Asks the model what follows some beginnings.
 *
 * @throws RangeError where the model reports its likeliest tokens only
 */
export const expandSpellings = async (source: SpellingSource, nodes: readonly SpellingNode[]): Promise<void> => {
  const { model, prompt, signal } = source;
  for (let first = 0; first < nodes.length; first += BATCH) {
    const part = nodes.slice(first, first + BATCH);
    const rows = await model.next(
      part.map(({ tokens }) => [...prompt, ...tokens]),
      { signal },
    );
    for (const [index, node] of part.entries()) {
      const row = rows[index] as { logProbabilities: Float64Array; missing: number };
      if (row.missing > 0) {
        throw new RangeError(
          `${model.name} reports its likeliest tokens only, and exact lookahead needs the probability of all: use a surrogate`,
        );
      }
      expand(source, node, row.logProbabilities);
    }
  }
};

const expand = (source: SpellingSource, node: SpellingNode, row: Float64Array): void => {
  const { automaton } = source.potential;
  const { vocabulary } = automaton;
  const kept = source.filter?.(node.tokens);
  const children = new Map<number, SpellingNode>();
  const { tokens, targets } = automaton.arcs(node.node);
  for (let arc = 0; arc < tokens.length; arc++) {
    const [token, target] = [tokens[arc] as number, targets[arc] as number];
    const step = row[token] as number;
    if (step === -Infinity || (automaton.least[target] as number) >= node.left || kept?.next.has(token) === false)
      continue;
    const spelling = vocabulary.bytes[token] as Uint8Array;
    const [low, high] = narrowed(source.texts, node, spelling);
    children.set(token, {
      tokens: [...node.tokens, token],
      logProbability: node.logProbability + step,
      node: target,
      left: node.left - 1,
      bytes: node.bytes + spelling.length,
      low,
      high,
      children: undefined,
      end: -Infinity,
    });
  }
  node.children = children;
  if (automaton.accepting[node.node] && kept?.ends !== false) {
    node.end = logSumExp(vocabulary.ends.map((end) => row[end] as number));
  }
};

/** The part of a beginning's texts that goes on with some bytes. */
const narrowed = (
  texts: readonly Uint8Array[],
  { low, high, bytes }: SpellingNode,
  spelling: Uint8Array,
): readonly [low: number, high: number] => {
  const part = (index: number) => (texts[index] as Uint8Array).subarray(bytes, bytes + spelling.length);
  return [
    firstOf(low, high, (index) => compareBytes(part(index), spelling) >= 0),
    firstOf(low, high, (index) => compareBytes(part(index), spelling) > 0),
  ];
};

/** The first index in `[low, high)` from which on a condition holds, or `high`. */
const firstOf = (low: number, high: number, holds: (index: number) => boolean): number => {
  let [from, to] = [low, high];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (holds(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
};

/** `log Σ exp x`, in nats; −∞ of nothing. */
export const logSumExp = (values: readonly number[]): number => {
  let most = -Infinity;
  for (const value of values) most = Math.max(most, value);
  if (most === -Infinity) return most;
  let sum = 0;
  for (const value of values) sum += Math.exp(value - most);
  return most + Math.log(sum);
};
