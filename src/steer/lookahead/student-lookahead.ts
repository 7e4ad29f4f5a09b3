import type { LanguageModel, NextTokens } from "../models/index.ts";
import type { CallOptions, Potential } from "../potentials/potential.ts";
import { sameVocabulary } from "../potentials/same-vocabulary.ts";
import { type LookaheadState, lookAhead } from "./look-ahead.ts";

/** What a student looks ahead for. */
export interface StudentLookaheadOptions {
  /** The model that is steered, `π`. */
  readonly model: LanguageModel;
  /** A model of the same tokens that was distilled from `π·exp φ`, `p_θ`. */
  readonly student: LanguageModel;
  /** Tokens before the response. Default: none. */
  readonly prompt?: readonly number[];
  /** The same for the student, which may have been distilled for this prompt alone. Default: the prompt. */
  readonly studentPrompt?: readonly number[];
  /**
   * `log Z`, in nats, as a certificate or an earlier run estimates it. It decides how eagerly responses end; one that is wrong costs effective particles,
   * nothing else. Default: 0.
   */
  readonly logPartition?: number;
}

/** A response so far, and the value there. */
interface Memo {
  readonly tokens: readonly number[];
  readonly value: number;
}

/** A token that the student never says is still worth this much, in nats: nothing that the potential allows may be lost. */
const LEAST = -60;

/**
 * A potential that looks ahead by a student: `Û(s⊕a) = Û(s) + log p_θ(a|s) − log π(a|s) − r(s,a)`, the soft value that makes the student's next-token
 * probabilities those of theory §4.
 *
 * Particles then say what the student says, and their weights put right what it has not learned: a perfect one, with the right `log Z`, has all weights 1. A
 * step asks both models.
 *
 * @throws RangeError where the student has other tokens, or `logPartition` is not finite
 * @example
 * ```ts
 * import { condition, keywords, table, toLogits, tree } from "arbel";
 * import { constrain, containing, steer, studentLookahead, tableModel } from "arbel/steer";
 * const space = tree({ tokens: ["a", "n", "y"], horizon: 7, eos: true });
 * const reference = table(space, "reward", (prefix, action) => (action === prefix.at(-1) ? -1 : 0));
 * const model = tableModel(reference);
 * // a perfect student, by M; arbel distill makes others
 * const arm = toLogits(condition(reference, keywords({ tokens: space.tokens, must: ["anna"] })));
 * const student = tableModel(arm);
 * const wish = constrain(containing({ must: ["anna"] }), model.vocabulary, { maximumTokens: 6 });
 * const ahead = studentLookahead(wish, { model, student, logPartition: arm.logPartition - toLogits(reference).logPartition });
 * const run = steer(model, "", { potential: ahead, maximumTokens: 6 }, { particles: 16 });
 * let step = await run.next();
 * while (!step.done) step = await run.next();
 * console.log(step.value.effectiveSampleSize.toFixed(3)); // 16.000
 * ```
 */
export const studentLookahead = <State>(
  potential: Potential<State>,
  options: StudentLookaheadOptions,
): Potential<LookaheadState<State, unknown>> => {
  const { model, student, prompt = [], studentPrompt = prompt, logPartition = 0 } = options;
  const { vocabulary } = model;
  if (!sameVocabulary(vocabulary, student.vocabulary)) {
    throw new RangeError(`the student ${student.name} has other tokens than ${model.name}: distil one with the same`);
  }
  if (!Number.isFinite(logPartition)) {
    throw new RangeError(`"logPartition" must be a finite number of nats, got ${logPartition}`);
  }
  const said = new WeakMap<Memo, Float64Array>();
  const valuesAfter = async (
    states: readonly { readonly state: State; readonly memo: Memo }[],
    call: CallOptions | undefined,
  ): Promise<Float64Array[]> => {
    const contexts = (before: readonly number[]) => states.map(({ memo }) => [...before, ...memo.tokens]);
    const [rows, ofModel, ofStudent] = await Promise.all([
      potential.rows(
        states.map(({ state }) => state),
        call,
      ),
      model.next(contexts(prompt), call),
      student.next(contexts(studentPrompt), call),
    ]);
    return states.map(({ memo }, i) => {
      const row = valuesOf(memo.value, rows[i] as Float64Array, ofModel[i] as NextTokens, ofStudent[i] as NextTokens);
      said.set(memo, row);
      return row;
    });
  };
  return lookAhead<State, Memo>(potential, vocabulary.ends, {
    name: `the student ${student.name}`,
    start: () => ({ memo: { tokens: [], value: logPartition }, value: logPartition }),
    next: valuesAfter,
    advance: (memo, token) => ({
      tokens: [...memo.tokens, token],
      value: (said.get(memo) as Float64Array)[token] as number,
    }),
  }) as Potential<LookaheadState<State, unknown>>;
};

/** `Û` after each token. What the model or the potential forbids has none that matters: 0. */
const valuesOf = (
  value: number,
  row: Float64Array,
  { logProbabilities: ofModel }: NextTokens,
  { logProbabilities: ofStudent }: NextTokens,
): Float64Array =>
  row.map((r, token) => {
    const model = ofModel[token] as number;
    if (r === -Infinity || model === -Infinity) return 0;
    return value + Math.max(LEAST, ofStudent[token] as number) - model - r;
  });
