import { END } from "../../../space/index.ts";
import { type ScoredTarget, tableTarget } from "../scored-target.ts";
import { type Layout, layoutOf, liveArc } from "./layout.ts";

/** What a target allows and rewards along a response, step by step, without a table of all prefixes. */
export interface Support {
  readonly start: number;
  /** An arc that some response of the target takes, or −1 where there is none for this action. */
  arcOf(depth: number, state: number, action: number): number;
  /** State that an arc leads to, or {@link END}. */
  next(depth: number, arc: number): number;
  /** `r(s,a)`, in nats; absent where only whole responses have scores. */
  readonly reward?: (arc: number) => number;
}

/** Follows a table over its own states; a function allows all of its tree, or what a model within which it lies does. */
export const supportOf = (target: ScoredTarget): Support => {
  if (target.kind === "table") return supportOfLayout(layoutOf(target));
  if (target.within) {
    const { start, arcOf, next } = supportOfLayout(layoutOf(tableTarget(target.within)));
    return { start, arcOf, next };
  }
  const { horizon, eos, actions, tokens } = target.space;
  return {
    start: 0,
    arcOf: (depth, _, action) => (eos && depth === horizon - 1 && action !== actions - 1 ? -1 : action),
    next: (depth, action) => (depth === horizon - 1 || action === tokens.length ? END : 0),
  };
};

const supportOfLayout = (layout: Layout): Support => {
  const { flat, rewards } = layout;
  return {
    start: flat.start,
    arcOf: (_, state, action) => liveArc(layout, state, action),
    next: (_, arc) => {
      const target = flat.targets[arc] as number;
      return target === flat.states ? END : target;
    },
    ...(rewards ? { reward: (arc) => rewards[arc] as number } : {}),
  };
};
