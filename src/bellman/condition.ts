import { logSumExpRange } from "../kernels/index.ts";
import {
  type Automaton,
  checkSameTokens,
  END,
  emptyLevel,
  type LayeredAutomaton,
  restrict,
  type Space,
  step,
  type Table,
  trim,
} from "../space/index.ts";
import { rewardOf } from "./arm.ts";
import { byDepth } from "./by-depth.ts";
import { policy } from "./policy.ts";
import { type Model, toLogits } from "./soft-bellman.ts";

/**
 * The reward of a model given that an automaton accepts the response.
 *
 * `toLogits` of it is the exact conditional `p(y | accepted)`, looking ahead at every token, and its `logPartition`
 * minus the model's own (that of `rewardOf`) is the log-probability of acceptance. A tree stays a tree; an automaton becomes its
 * product with the other one. Source: theory §7.
 *
 * @throws RangeError where the tokens differ; EmptyModelError, from `toLogits`, where no response is accepted
 * @example
 * ```ts
 * import { condition, policy, regex, table, toLogits, toReward, tree } from "arbel";
 * const space = tree({ tokens: ["a", "b"], horizon: 4, eos: false });
 * const fair = toReward(policy(table(space, "reward", () => 0)));
 * const endsInB = condition(fair, regex(".*b", space.tokens));
 * console.log(Math.exp(toLogits(endsInB).logPartition).toFixed(3)); // "0.500"
 * ```
 */
export const condition = (model: Model, machine: Automaton): Table => {
  const reward = rewardOf(model);
  return { kind: "reward", ...keepAccepted(reward, machine) };
};

/**
 * Local masking: what a grammar-constrained decoder samples from, and how often it gets stuck.
 *
 * At each state the model's policy is kept on the actions after which the automaton can still accept (whatever the
 * horizon), and renormalised there: `log π_mask(a|s) = log π(a|s) − log Σ_{b allowed} π(b|s)`. No lookahead: theory §8, `Û ≡ 0`.
 *
 * @returns `reward`: `log π_mask`, whose `toLogits` is the masked decoder given that it finishes; `finishes`: the
 * probability that it does, rather than run into a state with no allowed action or out of the horizon
 * @throws RangeError where the tokens differ; EmptyModelError where masking never finishes
 */
export const mask = (model: Model, machine: Automaton): { readonly reward: Table; readonly finishes: number } => {
  const { space, levels } = keepAccepted(policy(model), machine);
  const masked = byDepth(
    space.horizon,
    (depth) => [levels[depth], space.layer(depth)],
    (depth) => normalizeRows(space, depth, levels[depth] as Float64Array),
  );
  const reward: Table = { space, kind: "reward", levels: masked };
  return { reward, finishes: Math.exp(toLogits(reward).logPartition) };
};

/** Rows less their log-sum-exp, `[arcs]`. */
const normalizeRows = (space: Space, depth: number, level: Float64Array): Float64Array => {
  const layer = space.layer(depth);
  const out = emptyLevel(space, depth).fill(-Infinity);
  for (let state = 0; state < layer.states; state++) {
    const [begin, end] = [layer.firstArc(state), layer.firstArc(state + 1)];
    const total = logSumExpRange(level, begin, end);
    if (total === -Infinity) continue;
    for (let arc = begin; arc < end; arc++) out[arc] = (level[arc] as number) - total;
  }
  return out;
};

/** The table's numbers on the arcs from which the automaton can still accept. */
const keepAccepted = (table: Table, machine: Automaton): { space: Space; levels: Float64Array[] } => {
  if (table.space.kind === "tree") return { space: table.space, levels: keepOnTree(table, trim(machine)) };
  const { space, origins } = restrict(table.space as LayeredAutomaton, machine);
  const levels = byDepth(
    space.horizon,
    (depth) => [table.levels[depth], origins[depth]],
    (depth) => gather(table.levels[depth] as Float64Array, origins[depth] as Int32Array),
  );
  return { space, levels };
};

const gather = (level: Float64Array, origin: Int32Array): Float64Array => {
  const out = new Float64Array(origin.length);
  for (let arc = 0; arc < origin.length; arc++) out[arc] = level[origin[arc] as number] as number;
  return out;
};

/** A tree keeps its shape: the automaton's state is a function of the prefix, and rejected arcs become −∞. */
const keepOnTree = ({ space, levels }: Table, machine: Automaton): Float64Array[] => {
  checkSameTokens(space.tokens, machine.tokens, "the model and the automaton");
  const vocabulary = space.tokens.length;
  let machineStates = Int32Array.of(machine.start);
  return levels.map((level, depth) => {
    const layer = space.layer(depth);
    const last = depth === space.horizon - 1;
    const out = emptyLevel(space, depth).fill(-Infinity);
    const next = new Int32Array(last ? 0 : layer.states * vocabulary).fill(-1);
    for (let state = 0; state < layer.states; state++) {
      const from = machineStates[state] as number;
      if (from < 0) continue;
      const first = layer.firstArc(state);
      for (let action = 0; action < space.actions; action++) {
        const ends = layer.target(first + action, state) === END;
        const to = action === vocabulary ? from : step(machine, from, action);
        if (to < 0 || (ends && machine.accepting[to] !== 1)) continue;
        out[first + action] = level[first + action] as number;
        if (!ends) next[state * vocabulary + action] = to;
      }
    }
    machineStates = next;
    return out;
  });
};
