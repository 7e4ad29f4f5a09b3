import { countResponses, END, type Space, type Table, type Tree, tableOf, tree } from "../../../space/index.ts";
import { EXACT_RESPONSES_LIMIT } from "../../risks/rows.ts";

/** The tree of a space's tokens, horizon and EOS. */
export const treeOf = ({ tokens, horizon, eos }: Space): Tree => tree({ tokens, horizon, eos });

/** Whether all responses of a tree can be gone through. */
export const isEnumerable = (space: Tree): boolean => countResponses(space) <= BigInt(EXACT_RESPONSES_LIMIT);

/** A reward as a table of a tree that holds its responses: −∞ on those that its own space lacks. */
export const unroll = (reward: Table, space: Tree): Table => {
  if (reward.space.kind === "tree") return reward;
  const levels = Array.from({ length: space.horizon }, (_, depth) =>
    new Float64Array(space.layer(depth).arcs).fill(-Infinity),
  );
  const from = reward.space;
  const visit = (depth: number, state: number, prefix: number): void => {
    const [layer, tree] = [from.layer(depth), space.layer(depth)];
    const end = layer.firstArc(state + 1);
    for (let arc = layer.firstArc(state); arc < end; arc++) {
      const place = tree.arcOf(prefix, layer.action(arc, state));
      if (place < 0) continue;
      (levels[depth] as Float64Array)[place] = (reward.levels[depth] as Float64Array)[arc] as number;
      const target = layer.target(arc, state);
      if (target !== END) visit(depth + 1, target, tree.target(place, prefix));
    }
  };
  visit(0, from.start, space.start);
  return tableOf(space, "reward", levels);
};
