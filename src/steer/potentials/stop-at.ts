import type { Constraint } from "../constraints/constraint.ts";
import type { LanguageModel, NextTokens } from "../models/index.ts";
import { byteTable, readBytes } from "./byte-table.ts";
import { spellingOf } from "./token-trie.ts";

/** Where responses of {@link stopAt} end, beside where the model ends them. At least one of them. */
export interface StopOptions {
  /**
   * As soon as the response satisfies this, its text and its number of tokens: `containing({ endsWith: "." })` ends after the first sentence.
   * It is looked at between tokens, so a stop within a token is passed over.
   */
  readonly when?: Constraint;
  /** After so many tokens. */
  readonly maximumTokens?: number;
}

/**
 * A language model whose responses end where they are complete: there, an end has probability 1.
 *
 * Language models end texts, not sentences or answers: the probability that one stops right after the sentence that a wish is about
 * is tiny, and in no way the price of the wish. This is the same model on beginnings of texts: a response's probability is that
 * the model's text begins with it.
 *
 * @param prompt tokens before the response; after other contexts the model is unchanged
 * @throws RangeError where neither is given, or the number is not whole and ≥ 0
 * @example
 * ```ts
 * import { table, tree } from "arbel";
 * import { containing, stopAt, tableModel } from "arbel/steer";
 * const space = tree({ tokens: ["a", "."], horizon: 4, eos: true });
 * const model = stopAt(tableModel(table(space, "logits", () => 0)), [], { when: containing({ endsWith: "." }) });
 * const [open, done] = await model.next([[0], [0, 1]]);
 * console.log(open?.logProbabilities.map(Math.exp), done?.logProbabilities[2]); // Float64Array(3) [ 0.333…, 0.333…, 0.333… ], 0
 * ```
 */
export const stopAt = (model: LanguageModel, prompt: readonly number[], options: StopOptions): LanguageModel => {
  const { when, maximumTokens = Infinity } = options;
  const { vocabulary } = model;
  if (when === undefined && maximumTokens === Infinity) {
    throw new RangeError(`give at least one of "when" and "maximumTokens"`);
  }
  if (maximumTokens !== Infinity && !(Number.isSafeInteger(maximumTokens) && maximumTokens >= 0)) {
    throw new RangeError(`"maximumTokens" must be a whole number ≥ 0, got ${String(maximumTokens)}`);
  }
  const [end] = vocabulary.ends;
  if (end === undefined) {
    throw new RangeError(
      `${model.name} has no token that ends a response: name one by "ends", or as "eos_token_id" in a generation_config.json beside its tokenizer.json`,
    );
  }
  const table = when && byteTable(when.bytes, when.name);
  const ended: NextTokens = { logProbabilities: new Float64Array(vocabulary.size).fill(-Infinity), missing: 0 };
  ended.logProbabilities[end] = 0;
  const isComplete = (context: readonly number[]): boolean => {
    if (prompt.some((token, place) => context[place] !== token)) return false;
    const length = context.length - prompt.length;
    if (length >= maximumTokens) return true;
    if (!table || length < when.minimumTokens || length > when.maximumTokens) return false;
    let state = table.start;
    for (let place = prompt.length; place < context.length && state >= 0; place++) {
      state = readBytes(table, state, spellingOf(vocabulary, context[place] as number) ?? NOTHING);
    }
    return state >= 0 && table.accepting[state] === 1;
  };
  return {
    ...model,
    name: `${model.name}, to its stop`,
    next: async (contexts, call) => {
      const complete = contexts.map(isComplete);
      const rows = await model.next(
        contexts.filter((_, index) => !complete[index]),
        call,
      );
      let open = 0;
      return complete.map((isEnded) => (isEnded ? ended : (rows[open++] as NextTokens)));
    },
  };
};

const NOTHING = new Uint8Array(0);
