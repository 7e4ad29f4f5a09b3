import { callFunction } from "../../learn/index.ts";
import { untilAborted } from "../until-aborted.ts";
import type { CallOptions, CompletePotential, ResponseText } from "./potential.ts";

/** Numbers for some responses, one each, by any program. */
export type RewardFunction = (
  responses: readonly ResponseText[],
  options: CallOptions,
) => ArrayLike<number> | Promise<ArrayLike<number>>;

/** Knobs of {@link reward}. */
export interface RewardOptions {
  /** What messages call it. Default: `"reward"`. */
  readonly name?: string;
  /** Temperature `β > 0`: log-weights are rewards over it. Default: 1. */
  readonly temperature?: number;
  /** Guesses of the reward from responses that are not finished: finite numbers, used for steering only. */
  readonly partial?: RewardFunction;
  /** Most responses a call. Default: 256. */
  readonly batch?: number;
  /** Seconds that a promised answer may take. Default: 60. */
  readonly timeout?: number;
}

/** The largest log-weight in absolute value: sums of larger ones lose more than 1e-4 nats to rounding. */
const LARGEST = 1e12;

/**
 * A reward on whole responses as a potential, `φ(y) = R(y)/β`, by any program: a classifier, a test suite, another service.
 *
 * A row of tokens cannot know it; samplers weigh responses by it as they end, and by its guesses as they grow.
 *
 * @param f one number for each response of a batch, in their order; −∞ forbids a response
 * @throws later, an Error where the program throws or does not answer in time, with its own error as the cause, and a
 * RangeError where it gives NaN, +∞, a number beyond ±1e12, or too few or too many numbers: they name it and the responses
 * @example
 * ```ts
 * import { reward } from "arbel/steer";
 * const short = reward((responses) => responses.map(({ text }) => -text.length), { name: "short", temperature: 2 });
 * console.log(await short.score([{ tokens: [4, 7], text: "four" }])); // Float64Array(1) [ -2 ]
 * ```
 */
export const reward = (f: RewardFunction, options: RewardOptions = {}): CompletePotential => {
  const { name = "reward", temperature = 1, partial, batch, timeout } = options;
  if (typeof f !== "function") throw new TypeError(`the reward "${name}" must be a function, got ${typeof f}`);
  if (!(temperature > 0 && temperature < Infinity)) {
    throw new RangeError(`"temperature" must be a finite number > 0, got ${String(temperature)}`);
  }
  const limits = { ...(batch === undefined ? {} : { batch }), ...(timeout === undefined ? {} : { timeout }) };
  const scoreBy =
    (program: RewardFunction, what: string) =>
    async (responses: readonly ResponseText[], call: CallOptions = {}): Promise<Float64Array> => {
      call.signal?.throwIfAborted();
      let asked = 0;
      const values = await callFunction(
        {
          name: what,
          values: (tokens) => {
            const part = responses.slice(asked, asked + tokens.length);
            asked += tokens.length;
            return untilAborted(() => program(part, call), call.signal);
          },
        },
        responses.map(({ tokens }) => tokens),
        limits,
      ).catch((error: unknown) => {
        call.signal?.throwIfAborted();
        throw error;
      });
      const logWeights = values.map((value) => value / temperature);
      const wrong = logWeights.findIndex((value) => Math.abs(value) > LARGEST && value > -Infinity);
      if (wrong < 0) return logWeights;
      throw new RangeError(
        `the function "${what}" gave ${values[wrong]} for response ${wrong}, a log-weight of ${logWeights[wrong]}: beyond ±${LARGEST} ` +
          "differences are lost in rounding, so give a smaller number, or −∞ to forbid",
      );
    };
  const score = scoreBy(f, name);
  if (partial === undefined) return { name, score };
  const guess = scoreBy(partial, `${name}, partial`);
  return {
    name,
    score,
    partial: async (responses, call) => {
      const values = await guess(responses, call);
      const wrong = values.indexOf(-Infinity);
      if (wrong < 0) return values;
      throw new RangeError(
        `the function "${name}, partial" gave −∞ for ${JSON.stringify(responses[wrong]?.text)}: a guess must be finite, since a −∞ that is wrong loses responses`,
      );
    },
  };
};
