import { logSumExp } from "../kernels/index.ts";

/**
 * M⁻¹ along one response, without a table: `r(s_t, y_t) = q(s_t, y_t) − V_q(s_{t+1})`, and `q` itself for the action that
 * ends the response.
 *
 * Asks for the logits after each prefix of the response, so it costs `O(V·T)` whatever the size of the space; theory §2.
 * The rewards sum to `V_q(start) + log p(y)`.
 *
 * @param options.logits the logits `q(s,·)`, `[actions]`, in nats, after a prefix; EOS, if the model has it, last
 * @param options.response token indices, without EOS
 * @param options.eos whether the response ends with EOS
 * @returns one reward per action, EOS included, in nats
 * @throws RangeError where the logits lack an action of the response or hold NaN or +∞
 * @example
 * ```ts
 * import { rewardAlong } from "arbel";
 * // a uniform model over two tokens and EOS that any language model could stand in for
 * const rewards = rewardAlong({ logits: () => [0, 0, 0], response: [1, 0], eos: true });
 * console.log(rewards.length); // 3
 * ```
 */
export const rewardAlong = (options: {
  readonly logits: (prefix: readonly number[]) => ArrayLike<number>;
  readonly response: readonly number[];
  readonly eos: boolean;
}): Float64Array => {
  const { response, eos } = options;
  const length = response.length + (eos ? 1 : 0);
  const rewards = new Float64Array(length);
  for (let depth = 0; depth < length; depth++) {
    const logits = Float64Array.from(options.logits(response.slice(0, depth)));
    const invalid = logits.findIndex((q) => !(q < Infinity));
    if (invalid >= 0) {
      throw new RangeError(`logit ${invalid} after ${depth} tokens is ${logits[invalid]}: use a finite number or −∞`);
    }
    const action = response[depth] ?? logits.length - 1;
    const tokens = logits.length - (eos && depth < response.length ? 1 : 0);
    if (!(Number.isInteger(action) && action >= 0 && action < tokens)) {
      throw new RangeError(
        `token ${action} at depth ${depth} is out of range: the logits there are of ${tokens} tokens`,
      );
    }
    if (depth > 0) rewards[depth - 1] = lessValue(rewards[depth - 1] as number, logSumExp(logits));
    rewards[depth] = logits[action] as number;
  }
  return rewards;
};

/** `q − V`; −∞ where the next state is dead, for which the difference would be +∞. */
const lessValue = (q: number, value: number) => (value === -Infinity ? -Infinity : q - value);
