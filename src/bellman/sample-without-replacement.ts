import TinyQueue from "tinyqueue";
import { END } from "../space/index.ts";
import { armOf } from "./arm.ts";
import { policyRow } from "./policy-row.ts";
import { generator, gumbel, type RandomGenerator } from "./random.ts";
import type { Arm, Model } from "./soft-bellman.ts";

/** A response drawn without replacement. */
export interface DistinctResponse {
  /** Token indices, without EOS. */
  readonly tokens: number[];
  /** `log p(y)`, in nats. */
  readonly logProbability: number;
  /** `log p(y)` plus standard Gumbel noise: the responses with the largest are the sample, largest first. */
  readonly perturbed: number;
}

/** A prefix, with the largest perturbed log-probability among its responses. */
interface Node {
  readonly depth: number;
  readonly state: number;
  readonly logProbability: number;
  readonly perturbed: number;
  readonly action: number;
  readonly parent: Node | undefined;
}

/**
 * Distinct responses, drawn one after the other without replacement in the order of the draws; fewer than `count` where
 * fewer have positive probability.
 *
 * Gumbel top-k: every response's log-probability is perturbed by Gumbel noise and the `k` largest win. The noise of a
 * prefix is the maximum over its responses and is handed down conditionally, so only prefixes of winners and their
 * siblings are touched, `O(k·T·A)`. Source: Kool, van Hoof and Welling, *Stochastic Beams and Where to Find Them* (2019).
 *
 * @throws RangeError where the count is not a whole number ≥ 0; EmptyModelError where no response has positive probability
 * @example
 * ```ts
 * import { sampleWithoutReplacement, table, tree } from "arbel";
 * const fair = table(tree({ tokens: 2, horizon: 3, eos: false }), "reward", () => 0);
 * console.log(sampleWithoutReplacement(fair, 100, { seed: 1 }).length); // 8
 * ```
 */
export const sampleWithoutReplacement = (
  model: Model,
  count: number,
  options: { readonly seed: number },
): DistinctResponse[] => {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new RangeError(`"count" must be a whole number ≥ 0, got ${String(count)}`);
  }
  const arm = armOf(model);
  const { space } = arm.logits;
  const random = generator(options.seed);
  const expand = expanderOf(arm, random);
  const root = { depth: 0, state: space.start, logProbability: 0, perturbed: gumbel(random) };
  let queue = new TinyQueue<Node>([{ ...root, action: -1, parent: undefined }], byPerturbed);
  const drawn: DistinctResponse[] = [];
  while (drawn.length < count) {
    const node = queue.pop();
    if (!node) break;
    if (node.state === END) {
      const { logProbability, perturbed } = node;
      drawn.push({ tokens: tokensOf(node, space.tokens.length), logProbability, perturbed });
    } else {
      for (const child of expand(node)) queue.push(child);
      queue = pruned(queue, count - drawn.length);
    }
  }
  return drawn;
};

const byPerturbed = (a: Node, b: Node) => b.perturbed - a.perturbed;

/**
 * The queue without prefixes that cannot win: each prefix has a response as large as itself, so of `wanted` responses
 * none comes from a prefix below the `wanted` largest. Cut only when it has grown to a multiple, so that a push stays cheap.
 */
const pruned = (queue: TinyQueue<Node>, wanted: number): TinyQueue<Node> => {
  if (queue.length < 4 * wanted + 1_000) return queue;
  return new TinyQueue(queue.data.sort(byPerturbed).slice(0, wanted), byPerturbed);
};

/** Hands a prefix's noise down to the prefixes that are one action longer. */
const expanderOf = (arm: Arm, random: RandomGenerator) => {
  const row = policyRow(arm);
  return (node: Node): Node[] => {
    const layer = arm.logits.space.layer(node.depth);
    const first = layer.firstArc(node.state);
    const count = layer.firstArc(node.state + 1) - first;
    row.read(node.depth, node.state);
    const children: Node[] = [];
    for (let i = 0; i < count; i++) {
      const logPolicy = row.logPolicy[i] as number;
      if (logPolicy === -Infinity) continue;
      const logProbability = node.logProbability + logPolicy;
      children.push({
        depth: node.depth + 1,
        state: layer.target(first + i, node.state),
        logProbability,
        perturbed: logProbability + gumbel(random),
        action: layer.action(first + i, node.state),
        parent: node,
      });
    }
    const largest = children.reduce((max, child) => Math.max(max, child.perturbed), -Infinity);
    return children.map((child) => ({ ...child, perturbed: truncate(child.perturbed, largest, node.perturbed) }));
  };
};

/**
 * A Gumbel number, given that the largest of its siblings is `target` rather than `largest`:
 * `−log(e^−target − e^−largest + e^−g)`, written so that nothing overflows.
 */
const truncate = (g: number, largest: number, target: number): number => {
  if (g === largest) return target;
  const v = target - g + Math.log1p(-Math.exp(g - largest));
  return target - Math.max(0, v) - Math.log1p(Math.exp(-Math.abs(v)));
};

const tokensOf = (leaf: Node, vocabulary: number): number[] => {
  const tokens: number[] = [];
  for (let node: Node | undefined = leaf; node?.parent; node = node.parent) {
    if (node.action < vocabulary) tokens.push(node.action);
  }
  return tokens.reverse();
};
