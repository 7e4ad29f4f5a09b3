import type { Kernel } from "./kernel.ts";
import { logSumExpRange } from "./log-sum-exp.ts";

/** The plain float64 loops: the reference that every other kernel must agree with. */
export const reference: Kernel = {
  softBellman({ rows, tokens, actions }, reward, next, logits, values) {
    for (let row = 0; row < rows; row++) {
      const first = row * actions;
      for (let action = 0; action < actions; action++) {
        const r = reward[first + action] as number;
        // q = r + V(s⊕a), or r where a ends the response   theory §2
        logits[first + action] = next && action < tokens ? r + (next[row * tokens + action] as number) : r;
      }
      values[row] = logSumExpRange(logits, first, first + actions);
    }
  },
  softBellmanTree(last, others) {
    reference.softValues(last.level, last.reward, last.values);
    for (const { level, reward, next, logits, values } of others()) {
      reference.softBellman(level, reward, next, logits as Float64Array, values);
    }
  },
  softBellmanArcs({ offsets, targets }, reward, next, logits, values) {
    const q = logits ?? new Float64Array(reward.length);
    for (let arc = 0; arc < reward.length; arc++) {
      const target = targets[arc] as number;
      q[arc] = next && target >= 0 ? (reward[arc] as number) + (next[target] as number) : (reward[arc] as number);
    }
    for (let s = 0; s < values.length; s++)
      values[s] = logSumExpRange(q, offsets[s] as number, offsets[s + 1] as number);
  },
  softValues({ rows, actions }, logits, values) {
    for (let row = 0; row < rows; row++) values[row] = logSumExpRange(logits, row * actions, (row + 1) * actions);
  },
};
