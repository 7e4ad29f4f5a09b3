import { expandSpellings, logSumExp, rootSpelling, type SpellingNode, type SpellingSource } from "./spelling-tree.ts";

/** How far a tree of spellings is grown. */
export interface ScoreLimits {
  /** How far each text's log-probability may lie below the exact one, in nats; 0: all spellings are looked at. */
  readonly tolerance: number;
  /** Most beginnings that the model is asked about. */
  readonly maximumNodes: number;
}

/** Texts with their probabilities, and the tree they were read from. */
export interface ScoredTexts {
  readonly root: SpellingNode;
  /** `log P(text, end | prompt)` of each text, summed over the spellings found, in nats. */
  readonly logProbabilities: Float64Array;
  /** By how much any of them may be too low, in nats. */
  readonly error: number;
  /** How many beginnings the model was asked about. */
  readonly nodes: number;
}

/**
 * The probabilities of texts, summed over their spellings by tokens.
 *
 * First each text's likeliest next token is followed to its end. Then, as long as the beginnings not yet looked at could add
 * more than the tolerance to some text, the likeliest of those are asked about: with tokens that stand for single
 * bytes a text has exponentially many spellings, nearly all of them of no weight.
 *
 * @throws RangeError where more beginnings would have to be asked about than allowed
 */
export const scoreTexts = async (source: SpellingSource, limits: ScoreLimits): Promise<ScoredTexts> => {
  const root = rootSpelling(source);
  const logProbabilities = new Float64Array(source.texts.length).fill(-Infinity);
  const frontier = new Set<SpellingNode>([root]);
  let nodes = 0;
  const grow = async (chosen: readonly SpellingNode[]): Promise<void> => {
    if (nodes + chosen.length > limits.maximumNodes) throw tooMany(source, limits, nodes + chosen.length);
    await expandSpellings(source, chosen);
    nodes += chosen.length;
    for (const node of chosen) {
      frontier.delete(node);
      for (const child of (node.children as ReadonlyMap<number, SpellingNode>).values()) frontier.add(child);
      if (node.end === -Infinity) continue;
      const found = logProbabilities[node.low] as number;
      logProbabilities[node.low] = logSumExp([found, node.logProbability + node.end]);
    }
  };
  await followLikeliest(source, root, grow);
  for (;;) {
    const { chosen, error } = worthAsking([...frontier], logProbabilities, limits.tolerance);
    if (chosen.length === 0) return { root, logProbabilities, error: Math.log1p(error), nodes };
    await grow(chosen);
  }
};

/** Follows, for each text, the token that the model finds likeliest of those that go on with it. */
const followLikeliest = async (
  { texts }: SpellingSource,
  root: SpellingNode,
  grow: (nodes: readonly SpellingNode[]) => Promise<void>,
): Promise<void> => {
  let places = texts.map((_, text) => ({ text, node: root }));
  while (places.length > 0) {
    await grow([...new Set(places.map(({ node }) => node))].filter(({ children }) => !children));
    places = places.flatMap(({ text, node }) => {
      if (node.bytes === (texts[text] as Uint8Array).length) return [];
      let best: SpellingNode | undefined;
      for (const child of node.children?.values() ?? []) {
        if (text < child.low || text >= child.high) continue;
        if (!best || child.logProbability > best.logProbability) best = child;
      }
      return best ? [{ text, node: best }] : [];
    });
  }
};

/**
 * The beginnings that have to be asked about: of the others, the least likely, no text may miss more than the tolerance.
 *
 * @returns also the largest share that a text may miss, relative to what was found of it
 */
const worthAsking = (
  frontier: SpellingNode[],
  logProbabilities: Float64Array,
  tolerance: number,
): { readonly chosen: SpellingNode[]; readonly error: number } => {
  frontier.sort((a, b) => a.logProbability - b.logProbability);
  const missing = new Float64Array(logProbabilities.length);
  const chosen = frontier.filter(({ low, high, logProbability }) => {
    for (let text = low; text < high; text++) {
      const share = Math.exp(logProbability - (logProbabilities[text] as number));
      if (!((missing[text] as number) + share <= tolerance)) return true;
    }
    for (let text = low; text < high; text++) {
      missing[text] = (missing[text] as number) + Math.exp(logProbability - (logProbabilities[text] as number));
    }
    return false;
  });
  return { chosen, error: missing.reduce((most, share) => Math.max(most, share), 0) };
};

const tooMany = ({ potential, texts }: SpellingSource, limits: ScoreLimits, reached: number): RangeError =>
  new RangeError(
    `exact lookahead for the ${texts.length} texts of "${potential.name}" needs more than ${reached.toLocaleString("en")} beginnings ` +
      `of spellings, "maximumNodes" is ${limits.maximumNodes.toLocaleString("en")}: raise it or "tolerance" ` +
      `(${limits.tolerance}), allow fewer texts, or set "spellings" to "canonical"`,
  );
