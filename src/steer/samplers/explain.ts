import type { LanguageModel, NextTokens } from "../models/index.ts";
import type { Potential } from "../potentials/index.ts";
import { type Expansion, expansionOf } from "./expansion.ts";
import type { Wish } from "./wish.ts";

/** A token that may come next, as the model, the wish and masking see it. */
export interface ExplainedToken {
  readonly token: number;
  /** Its text; empty of an end. */
  readonly text: string;
  readonly end: boolean;
  /** `r(s,a) + Û(s⊕a) − Û(s)`: what the wish makes of it, in nats; −∞ where it forbids. */
  readonly value: number;
  /** Probability under the model; 0 also of a token that a server left out of its row. */
  readonly before: number;
  /** Probability when steered, `π(a|s)·exp(value)/w`. */
  readonly after: number;
  /** Probability when masked: the model's, renormalised over the tokens that are allowed. */
  readonly masked: number;
}

/** One token of a response. */
export interface ExplainedStep {
  /** What was said before it, without the prompt. */
  readonly text: string;
  /** `log w`, the step's incremental weight, in nats: 0 where the lookahead is exact. */
  readonly logWeight: number;
  /** `log` of the model's probability of all tokens that masking allows, in nats. */
  readonly logAllowed: number;
  readonly chosen: ExplainedToken;
  /** The likeliest before and the likeliest after, likeliest after first. */
  readonly tokens: readonly ExplainedToken[];
}

/** Knobs of {@link explain}. */
export interface ExplainOptions {
  /** What masking goes by: the wish without its lookahead. Default: the wish's potential. */
  readonly masking?: Potential;
  /** How many of the likeliest tokens are told, before and after each (default 5). */
  readonly top?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Goes along a response and tells, token by token, what the model would say, what each token is worth to the wish, what is said when steered, and
 * what masking would have said.
 *
 * @param prompt tokens, as the vocabulary's `encode` gives them
 * @param tokens of the response, without its end
 * @throws RangeError where the wish forbids one of the tokens
 * @example
 * ```ts
 * import { table, tree } from "arbel";
 * import { constrain, exactLookahead, explain, oneOf, tableModel } from "arbel/steer";
 * const space = tree({ tokens: ["a", "b"], horizon: 4, eos: true });
 * const model = tableModel(table(space, "logits", (prefix, action) => (action === prefix.at(-1) ? 1 : 0)));
 * const masking = constrain(oneOf(["aaa", "ab"]), model.vocabulary, { maximumTokens: 3 });
 * const { potential } = await exactLookahead(model, [], masking);
 * const steps = await explain(model, [], { potential, maximumTokens: 3 }, [0, 0, 0], { masking });
 * // after "a", masking goes by the next letter alone; lookahead knows that "aaa" ends by itself, and "ab" need not
 * console.log(steps[1]?.chosen.masked.toFixed(2), steps[1]?.chosen.after.toFixed(2)); // "0.73", "0.88"
 * ```
 */
export const explain = async (
  model: LanguageModel,
  prompt: readonly number[],
  wish: Wish,
  tokens: readonly number[],
  options: ExplainOptions = {},
): Promise<ExplainedStep[]> => {
  const { masking = wish.potential, top = 5, signal } = options;
  const { vocabulary } = model;
  const contexts = Array.from({ length: tokens.length + 1 }, (_, length) => [...prompt, ...tokens.slice(0, length)]);
  const rows = await model.next(contexts, { signal });
  const [steeredRows, maskingRows] = [
    await rowsAlong(wish.potential, tokens, signal),
    await rowsAlong(masking, tokens, signal),
  ];
  const isEnd = new Set(vocabulary.ends);
  const text = Int32Array.from(
    [...vocabulary.bytes.keys()].filter((i) => isEnd.has(i) || vocabulary.bytes[i] !== null),
  );
  return rows.map((row, step) => {
    const allowed = step < wish.maximumTokens ? text : Int32Array.from(vocabulary.ends);
    const values = steeredRows[step] as Float64Array;
    const mask = (maskingRows[step] as Float64Array).map((value) => (value === -Infinity ? value : 0));
    const [steered, masked] = [weighed(row, values, allowed), weighed(row, mask, allowed)];
    const told = (token: number): ExplainedToken => ({
      token,
      text: isEnd.has(token) ? "" : vocabulary.decode([token]),
      end: isEnd.has(token),
      value: values[token] as number,
      before: Math.exp(row.logProbabilities[token] as number),
      after: share(steered, token),
      masked: share(masked, token),
    });
    const chosen = tokens[step] ?? likeliest(steered, vocabulary.ends);
    if (share(steered, chosen) === 0) {
      throw new RangeError(
        `the wish forbids token ${chosen} after ${JSON.stringify(vocabulary.decode(tokens.slice(0, step)))}`,
      );
    }
    return {
      text: vocabulary.decode(tokens.slice(0, step)),
      logWeight: steered.logWeight,
      logAllowed: masked.logWeight,
      chosen: told(chosen),
      tokens: topOf(row, steered, top).map(told),
    };
  });
};

/** The potential's rows before each token of a response, and before its end. */
const rowsAlong = async (
  potential: Potential,
  tokens: readonly number[],
  signal: AbortSignal | undefined,
): Promise<Float64Array[]> => {
  let { state } = potential.start();
  const rows: Float64Array[] = [];
  for (let step = 0; ; step++) {
    const [row] = await potential.rows([state], { signal });
    rows.push(row as Float64Array);
    const token = tokens[step];
    if (token === undefined) return rows;
    state = potential.advance(state, token);
  }
};

const weighed = (row: NextTokens, values: Float64Array, allowed: Int32Array): Expansion => {
  const expansion = expansionOf(row, values, allowed);
  if (!expansion) throw new RangeError("the potential gave NaN or +∞: it must give finite numbers, or −∞ to forbid");
  return expansion;
};

const share = ({ weights, total }: Expansion, token: number): number =>
  total > 0 ? (weights[token] as number) / total : 0;

const likeliest = (expansion: Expansion, tokens: readonly number[]): number =>
  tokens.reduce(
    (best, token) => (share(expansion, token) > share(expansion, best) ? token : best),
    tokens[0] as number,
  );

/** Tokens that are among the likeliest before or after. */
const topOf = ({ logProbabilities }: NextTokens, steered: Expansion, top: number): number[] => {
  const order = [...logProbabilities.keys()];
  const before = (token: number) => logProbabilities[token] as number;
  const after = (token: number) => steered.weights[token] as number;
  const firstBy = (by: (token: number) => number) => order.toSorted((a, b) => by(b) - by(a) || a - b).slice(0, top);
  return [...new Set([...firstBy(after).filter((token) => after(token) > 0), ...firstBy(before)])].sort(
    (a, b) => after(b) - after(a) || before(b) - before(a) || a - b,
  );
};
