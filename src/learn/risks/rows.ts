import { countResponses, type Tree } from "../../space/index.ts";

/** Responses side by side, EOS written out as the last action. */
export interface Rows {
  readonly count: number;
  readonly horizon: number;
  /** Actions `[count × horizon]`, row-major; 0 after the end of a response. */
  readonly tokens: Int32Array;
  /** Number of actions of each response, EOS included, `[count]`. */
  readonly lengths: Int32Array;
}

/** Exact risks visit every response at every step: above so many of them, samples cost less than they lose. */
export const EXACT_RESPONSES_LIMIT = 2 ** 20;

/**
 * Every response of a tree, in the order of `responses(space)`.
 *
 * @param prompts number of prompts that each response is asked for after (default 1); only counted
 * @throws TypeError on an automaton; RangeError where there are more than {@link EXACT_RESPONSES_LIMIT}
 */
export const allResponses = (space: Tree, prompts = 1): Rows => {
  if (space.kind !== "tree") {
    throw new TypeError("an exact risk needs a tree: an automaton merges prefixes that a Transformer tells apart");
  }
  const responses = countResponses(space) * BigInt(prompts);
  if (responses > BigInt(EXACT_RESPONSES_LIMIT)) {
    throw new RangeError(
      `the space has ${responses} responses, an exact risk takes at most ${EXACT_RESPONSES_LIMIT}: ` +
        "lower the horizon, or train on samples with minibatchArmRisk or sampledEbmRisk",
    );
  }
  const { horizon, eos } = space;
  const vocabulary = space.tokens.length;
  const count = Number(responses) / prompts;
  const tokens = new Int32Array(count * horizon);
  const lengths = new Int32Array(count);
  const prefix: number[] = [];
  let row = 0;
  const add = (actions: readonly number[]) => {
    tokens.set(actions, row * horizon);
    lengths[row++] = actions.length;
  };
  const visit = () => {
    const last = prefix.length === horizon - 1;
    if (!(last && eos)) {
      for (let token = 0; token < vocabulary; token++) {
        prefix.push(token);
        if (last) add(prefix);
        else visit();
        prefix.pop();
      }
    }
    if (eos) add([...prefix, vocabulary]);
  };
  visit();
  return { count, horizon, tokens, lengths };
};

/** Some of the rows, by index; an index may repeat. */
export const pickRows = (rows: Rows, indices: ArrayLike<number>): Rows => {
  const { horizon } = rows;
  const count = indices.length;
  const tokens = new Int32Array(count * horizon);
  const lengths = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const index = indices[i] as number;
    tokens.set(rows.tokens.subarray(index * horizon, (index + 1) * horizon), i * horizon);
    lengths[i] = rows.lengths[index] as number;
  }
  return { count, horizon, tokens, lengths };
};
