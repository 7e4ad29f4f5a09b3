import { checkHorizon, END, type Layer, type Space, tokenNames } from "./space.ts";

/** The full tree of responses: every prefix is a state of its own. */
export interface Tree extends Space {
  readonly kind: "tree";
}

/**
 * The tree of all responses over a vocabulary, without stored arcs: state `s` of depth `t` is the prefix whose
 * tokens are the base-V digits of `s`, so a depth's states are in lexicographic order.
 *
 * Depth `t` has `V^t` states and `V^t · (V + [eos])` arcs. With EOS every row of the last depth still has all its
 * columns, of which only EOS is allowed; tables hold −∞ in the others.
 *
 * @param options.tokens the vocabulary: texts, or a number `V` for `"0" … "V−1"`
 * @param options.horizon the largest number of actions `T`, EOS included
 * @param options.eos `true` for responses of any length that end with EOS, `false` for exactly `T` tokens
 * @throws RangeError where the vocabulary or the horizon is < 1, not whole, or tokens repeat
 * @example
 * ```ts
 * import { countResponses, tree } from "arbel";
 * const space = tree({ tokens: 8, horizon: 4, eos: true });
 * console.log(countResponses(space)); // 585n
 * ```
 */
export const tree = (options: { tokens: number | readonly string[]; horizon: number; eos: boolean }): Tree => {
  const tokens = tokenNames(options.tokens);
  const horizon = checkHorizon(options.horizon);
  if (typeof options.eos !== "boolean") {
    throw new TypeError(`"eos" must be true or false, got ${String(options.eos)}`);
  }
  const { eos } = options;
  const actions = tokens.length + (eos ? 1 : 0);
  return {
    kind: "tree",
    tokens,
    horizon,
    eos,
    actions,
    start: 0,
    layer: (depth) => treeLayer(tokens.length, actions, depth, depth === horizon - 1),
  };
};

const treeLayer = (vocabulary: number, actions: number, depth: number, last: boolean): Layer => {
  const states = vocabulary ** depth;
  return {
    states,
    arcs: states * actions,
    firstArc: (state) => state * actions,
    action: (arc, state) => arc - state * actions,
    target: (arc, state) => {
      const action = arc - state * actions;
      return last || action === vocabulary ? END : state * vocabulary + action;
    },
    arcOf: (state, action) => {
      const allowed = last && actions > vocabulary ? action === vocabulary : action >= 0 && action < actions;
      return allowed && Number.isInteger(action) ? state * actions + action : -1;
    },
  };
};

/** Tokens of the prefix that a tree's state stands for. */
export const prefixOf = (space: Tree, depth: number, state: number): number[] => {
  const prefix = new Array<number>(depth);
  let rest = state;
  for (let t = depth - 1; t >= 0; t--) {
    prefix[t] = rest % space.tokens.length;
    rest = Math.floor(rest / space.tokens.length);
  }
  return prefix;
};
