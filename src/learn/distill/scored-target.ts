import { type Arm, type Model, policy, rewardOf, toLogits } from "../../bellman/index.ts";
import { arcsOf, checkSameTokens, type Table, type Tree } from "../../space/index.ts";
import type { Rows } from "../risks/rows.ts";
import { type CallOptions, callFunction, type ResponseFunction } from "./target/response-function.ts";

/** A target whose reward is a table: it can say everything exactly. */
export interface TableTarget {
  readonly kind: "table";
  /** Where the target lives. */
  readonly space: Table["space"];
  /** `r(s,a)`, in nats. */
  readonly reward: Table;
  /** The target itself, with `log Z`. */
  readonly arm: Arm;
}

/** A target that can only be asked for the scores of given responses. */
export interface FunctionTarget {
  readonly kind: "function";
  /** The tree that the responses are of; it may be far too large to enumerate. */
  readonly space: Tree;
  /** What messages call it. */
  readonly name: string;
  /** A model that is positive on all responses that are not forbidden: a Transformer is kept to its support. Default: all of the tree. */
  readonly within?: Model;
  /** `R(y)` `[count]`, in nats, up to a constant; −∞ forbids. */
  scores(rows: Rows): Promise<Float64Array>;
}

/** What a student is to become: `p(y) ∝ exp R(y)`. */
export type ScoredTarget = TableTarget | FunctionTarget;

/**
 * A target from a model: a reward or logits table on a tree or an automaton, or the `arm` of a tilted target.
 *
 * @throws EmptyModelError where no response has positive probability
 */
export const tableTarget = (model: Model): TableTarget => {
  const reward = rewardOf(model);
  return { kind: "table", space: reward.space, reward, arm: toLogits(reward) };
};

/** A target by a program's numbers on whole responses. */
export interface FunctionTargetOptions {
  /** The responses. */
  readonly space: Tree;
  /** `R`, in its own unit; called in batches. */
  readonly reward: ResponseFunction;
  /** `β > 0`, in the reward's unit per nat (default 1). */
  readonly temperature?: number;
  /** `ρ`, the model to stay near to, on any space of the same tokens; without it all responses count alike. */
  readonly reference?: Model;
  /** How the function is called. */
  readonly call?: CallOptions;
}

/**
 * The target `ρ(y)·exp(R(y)/β)` of a function on whole responses, such as a reward model: on a space that need not be enumerable.
 *
 * Its `log Z` is not known and rewards of single actions are not either, so soft Bellman regression cannot be used. On a small tree
 * {@link tabulateFunction} makes a table of it, for which all is exact.
 *
 * @throws TypeError on an automaton; RangeError where the temperature is not a finite number > 0 or the tokens differ
 * @example
 * ```ts
 * import { functionTarget } from "arbel/learn";
 * import { tree } from "arbel";
 * const space = tree({ tokens: ["a", "b"], horizon: 40, eos: true });
 * const distinct = { name: "distinct tokens", values: (ys: readonly (readonly number[])[]) => ys.map((y) => new Set(y).size) };
 * console.log(functionTarget({ space, reward: distinct, temperature: 0.5 }).name); // "distinct tokens"
 * ```
 */
export const functionTarget = (options: FunctionTargetOptions): FunctionTarget => {
  const { space, reward, reference, call } = options;
  const { temperature = 1 } = options;
  if (!(temperature > 0 && temperature < Infinity)) {
    throw new RangeError(`"temperature" must be a finite number > 0, got ${String(temperature)}`);
  }
  if (space.kind !== "tree") {
    throw new TypeError(`the function "${reward.name}" of whole responses needs a tree: an automaton merges responses`);
  }
  const logReference = reference === undefined ? undefined : logProbabilitiesOf(reference, space);
  return {
    kind: "function",
    space,
    name: reward.name,
    ...(reference === undefined ? {} : { within: reference }),
    scores: async (rows) => {
      const responses = tokensOf(space, rows);
      const scores = (await callFunction(reward, responses, call)).map((x) => tempered(x, temperature));
      if (logReference === undefined) return scores;
      return scores.map((score, i) => score + logReference(responses[i] as readonly number[]));
    },
  };
};

const tempered = (x: number, temperature: number): number => {
  const scaled = x / temperature;
  if (Number.isFinite(x) && !Number.isFinite(scaled)) {
    throw new RangeError(`"temperature" is ${temperature}, so small that R/β overflows at R = ${x}: raise it`);
  }
  return scaled;
};

/** `log ρ(y)` of a response, −∞ where the reference's space does not hold it. */
const logProbabilitiesOf = (reference: Model, space: Tree): ((response: readonly number[]) => number) => {
  const { space: of, levels } = policy(reference);
  checkSameTokens(space.tokens, of.tokens, "the responses and the reference");
  return (response) => {
    const arcs = arcsOf(of, response);
    return arcs === undefined
      ? -Infinity
      : arcs.reduce((sum, arc, depth) => sum + ((levels[depth] as Float64Array)[arc] as number), 0);
  };
};

/** The responses of rows as token indices, without EOS. */
export const tokensOf = ({ eos }: { readonly eos: boolean }, rows: Rows): number[][] =>
  Array.from({ length: rows.count }, (_, row) => {
    const first = row * rows.horizon;
    return [...rows.tokens.subarray(first, first + (rows.lengths[row] as number) - (eos ? 1 : 0))];
  });
