import TinyQueue from "tinyqueue";
import { END, type Space, type Table } from "../space/index.ts";
import { armOf } from "./arm.ts";
import { expectKind } from "./expect-kind.ts";
import { hardValues } from "./hard-values.ts";
import { policy } from "./policy.ts";
import type { Model } from "./soft-bellman.ts";

/** A response with its reward. */
export interface ScoredResponse {
  /** Token indices, without EOS. */
  readonly tokens: number[];
  /** `R(y)`, in nats. */
  readonly score: number;
}

/** A response with its log-probability. */
export interface RankedResponse {
  /** Token indices, without EOS. */
  readonly tokens: number[];
  /** `log p(y)`, in nats. */
  readonly logProbability: number;
}

/**
 * The `k` most probable responses of a model, most probable first; fewer where fewer have positive probability.
 *
 * Equal ones come in the order of their actions, EOS last. After one sweep, `O(k·T·log A)`: each state lists its best completions
 * only as far as they are asked for (the recursive enumeration of Jiménez and Marzal, 1999).
 *
 * @throws RangeError where `k` is not a whole number ≥ 0; EmptyModelError where no response has positive probability
 * @example
 * ```ts
 * import { bestResponses, table, tree } from "arbel";
 * const space = tree({ tokens: ["a", "b"], horizon: 3, eos: true });
 * const longer = table(space, "reward", (prefix, action) => (action === 2 ? 0 : 1));
 * console.log(bestResponses(longer, 1)[0]?.tokens); // [ 0, 0 ]
 * ```
 */
export const bestResponses = (model: Model, k: number): RankedResponse[] => {
  checkCount(k);
  const { space, levels } = policy(model);
  return bestPaths({ space, kind: "reward", levels }, k).map(({ tokens, score }) => ({
    tokens,
    logProbability: score,
  }));
};

/** The most probable response. @throws EmptyModelError where no response has positive probability */
export const mode = (model: Model): RankedResponse => bestResponses(armOf(model), 1)[0] as RankedResponse;

/**
 * The `k` responses of highest reward, highest first, without the partition function: only the hard maximum is swept.
 *
 * @throws RangeError where `k` is not a whole number ≥ 0; TypeError where the table holds logits
 */
export const highestRewards = (reward: Table, k: number): ScoredResponse[] => {
  checkCount(k);
  expectKind(reward, "reward");
  return bestPaths(reward, k);
};

const checkCount = (k: number) => {
  if (!Number.isSafeInteger(k) || k < 0) throw new RangeError(`"k" must be a whole number ≥ 0, got ${String(k)}`);
};

/** A completion of a state: an arc, then the target's completion of some rank. */
interface Completion {
  readonly value: number;
  readonly arc: number;
  readonly target: number;
  readonly rank: number;
}

/** The completions of one state: those found, best first, and those that may come next. */
interface Ranking {
  readonly found: Completion[];
  readonly waiting: TinyQueue<Completion>;
  /** The last one found, whose successor by the same arc does not wait yet. */
  pending: Completion | undefined;
  /** Whether all are found. */
  exhausted: boolean;
}

/** Gives a state's completion of a rank, or undefined where it has fewer. */
type Finder = (depth: number, state: number, rank: number) => Completion | undefined;

const better = (a: Completion, b: Completion) => b.value - a.value || a.arc - b.arc || a.rank - b.rank;

const bestPaths = (reward: Table, k: number): ScoredResponse[] => {
  const { space } = reward;
  const find = finderOf(reward);
  const best: ScoredResponse[] = [];
  while (best.length < k) {
    const completion = find(0, space.start, best.length);
    if (!completion) break;
    best.push({ tokens: spell(space, best.length, find), score: completion.value });
  }
  return best;
};

const finderOf = (reward: Table): Finder => {
  const values = hardValues(reward);
  const rankings: Map<number, Ranking>[] = Array.from({ length: reward.space.horizon }, () => new Map());
  const rankingOf = (depth: number, state: number): Ranking => {
    const known = rankings[depth]?.get(state);
    if (known) return known;
    const ranking = firstRanking(reward, values[depth + 1], depth, state);
    rankings[depth]?.set(state, ranking);
    return ranking;
  };
  return (depth, state, rank) => {
    // an explicit stack: a response may be longer than the call stack is deep
    const wanted = [{ depth, state, rank }];
    for (let top = wanted.at(-1); top; top = wanted.at(-1)) {
      const ranking = rankingOf(top.depth, top.state);
      if (ranking.found.length > top.rank || ranking.exhausted) {
        wanted.pop();
        continue;
      }
      const { pending } = ranking;
      if (!pending) {
        takeBest(ranking);
        continue;
      }
      const ahead = rankingOf(top.depth + 1, pending.target);
      const tail = ahead.found[pending.rank + 1];
      if (!tail && !ahead.exhausted) {
        wanted.push({ depth: top.depth + 1, state: pending.target, rank: pending.rank + 1 });
        continue;
      }
      if (tail) {
        const value = ((reward.levels[top.depth] as Float64Array)[pending.arc] as number) + tail.value;
        ranking.waiting.push({ ...pending, value, rank: pending.rank + 1 });
      }
      ranking.pending = undefined;
    }
    return rankingOf(depth, state).found[rank];
  };
};

/** The state's ranking with the best completion by each arc waiting, valued by the hard values of the next depth. */
const firstRanking = (reward: Table, next: Float64Array | undefined, depth: number, state: number): Ranking => {
  const layer = reward.space.layer(depth);
  const level = reward.levels[depth] as Float64Array;
  const first: Completion[] = [];
  const end = layer.firstArc(state + 1);
  for (let arc = layer.firstArc(state); arc < end; arc++) {
    const target = layer.target(arc, state);
    const value = (level[arc] as number) + (target === END ? 0 : ((next as Float64Array)[target] as number));
    if (value > -Infinity) first.push({ value, arc, target, rank: 0 });
  }
  return { found: [], waiting: new TinyQueue(first, better), pending: undefined, exhausted: false };
};

const takeBest = (ranking: Ranking): void => {
  const best = ranking.waiting.pop();
  if (!best) {
    ranking.exhausted = true;
    return;
  }
  ranking.found.push(best);
  if (best.target !== END) ranking.pending = best;
};

/** Tokens of the start's completion of a rank. */
const spell = (space: Space, rank: number, find: Finder): number[] => {
  const tokens: number[] = [];
  let [state, place] = [space.start, rank];
  for (let depth = 0; state !== END; depth++) {
    const completion = find(depth, state, place) as Completion;
    const action = space.layer(depth).action(completion.arc, state);
    if (action < space.tokens.length) tokens.push(action);
    [state, place] = [completion.target, completion.rank];
  }
  return tokens;
};
