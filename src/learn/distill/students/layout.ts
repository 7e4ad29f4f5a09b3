import type { Space } from "../../../space/index.ts";
import { type FlatSpace, flatten } from "../../flat-space.ts";
import { layTarget } from "../objectives/laid-target.ts";
import type { ScoredTarget } from "../scored-target.ts";

/** A target's space as flat arrays, with what the target says of its arcs. */
export interface Layout {
  readonly flat: FlatSpace;
  /** 1 for an arc that some response of the target takes, `[arcs]`. */
  readonly live: Uint8Array;
  /** Action of each arc, `[arcs]`. */
  readonly actions: Int32Array;
  /** `r(s,a)`, in nats, `[arcs]`; absent where only whole responses have scores. */
  readonly rewards?: Float64Array;
}

/** Lays a target out; the whole space of a function's. */
export const layoutOf = (target: ScoredTarget): Layout => {
  if (target.kind === "function") {
    const flat = flatten(target.space);
    return { flat, live: flat.allowed, actions: actionsOf(flat) };
  }
  const { flat, live, reward } = layTarget(target.reward);
  return { flat, live, actions: actionsOf(flat), rewards: reward };
};

const actionsOf = ({ space, arcs, depths }: { space: Space } & FlatSpace): Int32Array => {
  const actions = new Int32Array(arcs);
  for (let depth = 0; depth < space.horizon; depth++) {
    const layer = space.layer(depth);
    for (let state = 0; state < layer.states; state++) {
      for (let arc = layer.firstArc(state); arc < layer.firstArc(state + 1); arc++) {
        actions[(depths[depth] as number) + arc] = layer.action(arc, state);
      }
    }
  }
  return actions;
};

/** The arc of a state for an action, or −1 where there is none that a response of the target takes. */
export const liveArc = ({ flat, live, actions }: Layout, state: number, action: number): number => {
  const end = flat.firstArcs[state + 1] as number;
  for (let arc = flat.firstArcs[state] as number; arc < end; arc++) {
    if (actions[arc] === action) return live[arc] === 1 ? arc : -1;
  }
  return -1;
};
