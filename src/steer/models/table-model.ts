import { armOf, type Model } from "../../bellman/index.ts";
import { END, type Space } from "../../space/index.ts";
import { textVocabulary } from "../vocabulary/text-vocabulary.ts";
import { languageModelOf } from "./adapter.ts";
import type { LanguageModel, NextTokens } from "./language-model.ts";
import { distributionOf, truncated } from "./next-tokens.ts";

/** Knobs of {@link tableModel}. */
export interface TableModelOptions {
  /** What to call it. Default: `"table"`. */
  readonly name?: string;
  /** Report only so many of the likeliest tokens, as servers do. Default: all. */
  readonly top?: number;
}

/**
 * A language model that is a table: the exact model to try methods on.
 *
 * `log π(a|s) = q(s,a) − V_q(s)`, of the autoregressive model of any table (rewards go through M). Its vocabulary is the
 * space's tokens and the end, which follows them: EOS, or in a space of fixed length what comes with probability 1 after the
 * last token. There is no token before a text: the empty prompt is the empty context.
 *
 * @throws EmptyModelError where no response has positive probability
 * @example
 * ```ts
 * import { table, tree } from "arbel";
 * import { tableModel } from "arbel/steer";
 * const space = tree({ tokens: ["a", "b"], horizon: 3, eos: true });
 * const model = tableModel(table(space, "logits", (prefix, action) => (action === prefix.at(-1) ? 1 : 0)));
 * const [row] = await model.next([await model.vocabulary.encode("ab")]);
 * console.log(row?.logProbabilities[2], model.vocabulary.ends); // 0, [2]: at the last depth only the end is left
 * ```
 */
export const tableModel = (model: Model, { name = "table", top }: TableModelOptions = {}): LanguageModel => {
  if (top !== undefined && !(Number.isInteger(top) && top >= 1)) {
    throw new RangeError(`"top" must be a whole number ≥ 1, got ${top}`);
  }
  const { logits } = armOf(model);
  const { space } = logits;
  const end = space.tokens.length;
  const vocabulary = textVocabulary(space.tokens, { size: end + 1, end });
  const quoted = (context: readonly number[]) => JSON.stringify(vocabulary.decode(context));
  const rowAfter = (context: readonly number[]): NextTokens => {
    const row = new Float64Array(vocabulary.size).fill(-Infinity);
    const state = stateAfter(space, context);
    if (state === undefined) throw new RangeError(`${name}: no response begins with ${quoted(context)}`);
    if (state === END) {
      row[end] = 0;
      return { logProbabilities: row, missing: 0 };
    }
    const layer = space.layer(context.length);
    const level = logits.levels[context.length] as Float64Array;
    for (let arc = layer.firstArc(state); arc < layer.firstArc(state + 1); arc++) {
      row[layer.action(arc, state)] = level[arc] as number;
    }
    return distributionOf(row, `${name} after ${quoted(context)}`);
  };
  return languageModelOf({
    name,
    vocabulary,
    refusal: (context) =>
      stateAfter(space, context) === undefined ? `no response begins with ${quoted(context)}` : undefined,
    evaluate: (contexts) => {
      const rows = contexts.map(rowAfter);
      return Promise.resolve({
        rows: top === undefined ? rows : rows.map((row) => truncated(row, top)),
        tokens: contexts.reduce((sum, { length }) => sum + length, 0),
      });
    },
    dispose: () => Promise.resolve(),
  });
};

/** Where a context leads: a state, END after the last token of a space of fixed length, or nowhere. */
const stateAfter = (space: Space, context: readonly number[]): number | undefined => {
  let state = space.start;
  for (const [depth, token] of context.entries()) {
    if (state === END || depth >= space.horizon || token >= space.tokens.length) return;
    const layer = space.layer(depth);
    const arc = layer.arcOf(state, token);
    if (arc < 0) return;
    state = layer.target(arc, state);
  }
  return state;
};
